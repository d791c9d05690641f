package policy

import (
	"context"
	"encoding/json"
	"fmt"
	"net/netip"
	"slices"

	"github.com/harrier-scan/harrier"
)

// guardKey names the setting that holds the guard rules.
const guardKey = "guard"

// Guard returns the guard rules that are in force. An error must stop whatever
// wanted them: without rules nothing may be sent.
func (r *Room) Guard(ctx context.Context) (harrier.Guard, error) {
	var g harrier.Guard
	text, found, err := r.store.Value(ctx, guardKey)
	if err != nil {
		return g, fmt.Errorf("load guard rules: %w", err)
	}
	if !found {
		return g, nil
	}
	if err := json.Unmarshal([]byte(text), &g); err != nil {
		return harrier.Guard{}, fmt.Errorf("load guard rules: %w", err)
	}
	return g, nil
}

// SetGuard replaces the guard rules. Scans that are under way keep those that
// they were launched with. It answers Forbidden to all but operators, and
// Invalid, naming the field, for what is not a net.
func (r *Room) SetGuard(ctx context.Context, by harrier.Actor, g harrier.Guard) error {
	if !by.May(harrier.OperateConsole) {
		return harrier.Errorf(harrier.Forbidden, "only an operator may change guard rules")
	}
	var err error
	if g.Never, err = tidy("never", g.Never); err != nil {
		return err
	}
	if g.Fragile, err = tidy("fragile", g.Fragile); err != nil {
		return err
	}
	text, err := json.Marshal(g)
	if err != nil {
		return fmt.Errorf("save guard rules: %w", err)
	}
	return r.store.InTx(ctx, func(ctx context.Context) error {
		if err := r.store.SetValue(ctx, guardKey, string(text)); err != nil {
			return fmt.Errorf("save guard rules: %w", err)
		}
		return r.store.AppendAudit(ctx, &harrier.AuditEntry{
			At: r.now(), Actor: by.Name, Via: by.Via, Action: "guard.set", Object: "guard", Detail: string(text),
		})
	})
}

// tidy returns nets as Guard compares them: sorted, each once, host bits zero,
// IPv4 not wrapped in IPv6.
func tidy(field string, nets []netip.Prefix) ([]netip.Prefix, error) {
	var out []netip.Prefix
	for _, p := range nets {
		if !p.IsValid() {
			return nil, harrier.Invalidf(field, "%q is not a net or an address", p)
		}
		if a := p.Addr(); a.Is4In6() {
			if p.Bits() < 96 {
				return nil, harrier.Invalidf(field, "%q is not a net or an address", p)
			}
			p = netip.PrefixFrom(a.Unmap(), p.Bits()-96)
		}
		out = append(out, p.Masked())
	}
	slices.SortFunc(out, netip.Prefix.Compare)
	return slices.Compact(out), nil
}

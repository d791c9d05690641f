package policy

import (
	"net/netip"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/harrier-scan/harrier"
)

func nets(list ...string) []netip.Prefix {
	var out []netip.Prefix
	for _, s := range list {
		out = append(out, netip.MustParsePrefix(s))
	}
	return out
}

func TestGuard(t *testing.T) {
	ctx := t.Context()
	r, db, _ := room(t)
	if g, err := r.Guard(ctx); err != nil || g.Never != nil || g.Fragile != nil {
		t.Errorf("Guard of a new installation = %+v, %v; want no rule", g, err)
	}
	rules := harrier.Guard{Never: nets("198.51.100.9/24", "::ffff:10.0.0.0/104", "192.0.2.0/24", "192.0.2.0/24"), Fragile: nets("2001:db8::/32")}
	for _, role := range harrier.Roles {
		err := r.SetGuard(ctx, withRole(2, role), rules)
		if role != harrier.Operator && harrier.KindOf(err) != harrier.Forbidden || role == harrier.Operator && err != nil {
			t.Errorf("SetGuard by %s = %v", role, err)
		}
	}
	want := harrier.Guard{Never: nets("10.0.0.0/8", "192.0.2.0/24", "198.51.100.0/24"), Fragile: nets("2001:db8::/32")}
	same := cmp.Comparer(func(a, b netip.Prefix) bool { return a == b })
	got, err := r.Guard(ctx)
	if diff := cmp.Diff(want, got, same); err != nil || diff != "" {
		t.Errorf("Guard = %v (-want +got):\n%s", err, diff)
	}
	if !got.Forbids(netip.MustParseAddr("10.1.2.3")) {
		t.Error("a rule given as IPv4 in IPv6 does not hold for IPv4")
	}
	if log, err := db.Audit(ctx, 0); err != nil || len(log) != 1 || log[0].Action != "guard.set" {
		t.Errorf("audit log = %+v, %v; want one guard.set", log, err)
	}
	for field, g := range map[string]harrier.Guard{"never": {Never: make([]netip.Prefix, 1)}, "fragile": {Fragile: nets("::ffff:10.0.0.0/90")}} {
		err := r.SetGuard(ctx, harrier.System, g)
		if harrier.KindOf(err) != harrier.Invalid {
			t.Errorf("SetGuard with a bad %s = %v; want Invalid", field, err)
		}
	}
}

// TestGuardUnreadable: rules that can not be read are not the same as none.
func TestGuardUnreadable(t *testing.T) {
	ctx := t.Context()
	r, db, _ := room(t)
	if err := db.SetValue(ctx, guardKey, "{rubbish"); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Guard(ctx); err == nil {
		t.Error("Guard of rubbish = nil error")
	}
	r = New(failing{db}, content, nil, time.Now)
	if _, err := r.Guard(ctx); harrier.KindOf(err) != harrier.Unavailable {
		t.Errorf("Guard without a database = %v; want Unavailable", err)
	}
}

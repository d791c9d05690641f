package nexposewords

import (
	"context"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/finding"
)

// OpenFlaws is the condition that a finding is open, that it is more than a fact,
// and that no exception accepts it.
var OpenFlaws = harrier.And{
	harrier.Cmp{Field: "open", Op: harrier.Eq, Values: []any{true}},
	harrier.Cmp{Field: "accepted", Op: harrier.Eq, Values: []any{false}},
	harrier.Cmp{Field: "severity", Op: harrier.Gt, Values: []any{int64(harrier.Info)}},
}

// OnlyKey answers Invalid, and names the member, where an exception of the
// instance with a key, at a port (0: any) of an asset, would accept other instances
// too, or none: rules of the model do not tell keys apart.
func OnlyKey(ctx context.Context, findings *finding.Room, by harrier.Actor, vuln harrier.VulnID, of harrier.ID, port int, member, key string) error {
	is := func(field string, value any) harrier.Expr {
		return harrier.Cmp{Field: field, Op: harrier.Eq, Values: []any{value}}
	}
	list, _, err := findings.Judged(ctx, by, harrier.And{is("asset", int64(of)), is("vulnerability", int64(vuln)), is("open", true)}, finding.Page{Sort: "id"})
	if err != nil {
		return err
	}
	met := false
	for i := range list {
		switch {
		case port != 0 && int(list[i].Port) != port:
		case list[i].Key != key:
			return harrier.Invalidf(member, "there are instances with other keys, which it would accept too: leave the key out to accept all of them")
		default:
			met = true
		}
	}
	if !met {
		return harrier.Invalidf(member, "there is no instance %.80q", key)
	}
	return nil
}

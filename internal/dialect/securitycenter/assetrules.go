package securitycenter

import (
	"bytes"
	"context"
	"strconv"
	"strings"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/asset/members"
)

// maxLists is how many asset lists one filter may name.
const maxLists = 100

// assetExpr is the condition that a finding's asset is in a list. It answers
// NotFound for a list that by may not see.
func (a api) assetExpr(ctx context.Context, by harrier.Actor, id harrier.ID) (harrier.Expr, error) {
	return a.AssetLists.Members(ctx, by, id)
}

// normalized is definedIPs as the API gives it back: the items as they were
// sent, separated by commas.
func normalized(s string) string { return strings.Join(members.Words(s), ",") }

func (t term) assets() (harrier.Expr, error) {
	n := 0
	bounded := func(id harrier.ID) (harrier.Expr, error) {
		if n++; n > maxLists {
			return nil, t.bad("more than %d lists", maxLists)
		}
		return t.asset(id)
	}
	if t.op == "~" {
		return members.Combination(t.value, bounded)
	}
	if obj := bytes.TrimSpace(t.value); bytes.HasPrefix(obj, []byte("{")) && bytes.Contains(obj, []byte("operand1")) {
		return members.Combination(t.value, bounded)
	}
	list, err := t.items()
	if err != nil {
		return nil, err
	}
	if len(list) > maxLists {
		return nil, t.bad("more than %d lists", maxLists)
	}
	var some harrier.Or
	for _, s := range list {
		n, err := strconv.ParseInt(s, 10, 64)
		if err != nil || n < 0 {
			return nil, t.bad("%q is not the id of an asset list", cut(s, 64))
		}
		e, err := t.asset(harrier.ID(n))
		if err != nil {
			return nil, err
		}
		some = append(some, e)
	}
	return t.negated(some), nil
}

package nessus

import (
	"context"
	"encoding/json"
	"net/netip"
	"strconv"
	"strings"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/dialect/kit"
)

// The server's settings that this dialect knows: the operator's guard rules.
const (
	neverScan   = "harrier.never_scan"
	fragileNets = "harrier.fragile"
)

// advancedItem is a setting of the server.
type advancedItem struct {
	ID       string `json:"id"`
	Name     string `json:"name"`
	Value    string `json:"value"`
	Category string `json:"category"`
}

// advancedReply is the answer of GET /settings/advanced.
type advancedReply struct {
	Preferences []advancedItem `json:"preferences"`
}

func (a api) getAdvanced(ctx context.Context, by harrier.Actor, _ struct{}) (advancedReply, error) {
	if !by.May(harrier.ReadAll) {
		return advancedReply{}, harrier.Errorf(harrier.Forbidden, "only an administrator may see the server's settings")
	}
	g, err := a.Policies.Guard(ctx)
	return advancedReply{[]advancedItem{
		{neverScan, neverScan, joinNets(g.Never), "scanning"},
		{fragileNets, fragileNets, joinNets(g.Fragile), "scanning"},
	}}, err
}

func joinNets(list []netip.Prefix) string {
	out := make([]string, len(list))
	for i, p := range list {
		out[i] = p.String()
	}
	return strings.Join(out, ",")
}

// advancedChange is a PUT /settings/advanced: the flat keys setting.N.action,
// setting.N.name, setting.N.id and setting.N.value.
type advancedChange struct {
	Keys map[string]json.RawMessage `json:"*"`
}

// advancedChanged lists what was added: nothing, for there is nothing to add.
type advancedChanged struct {
	New []advancedItem `json:"new"`
}

func (a api) setAdvanced(ctx context.Context, by harrier.Actor, q advancedChange) (advancedChanged, error) {
	g, err := a.Policies.Guard(ctx)
	if err != nil {
		return advancedChanged{}, err
	}
	changed := false
	for i := 0; ; i++ {
		prefix := "setting." + strconv.Itoa(i) + "."
		raw, given := q.Keys[prefix+"action"]
		if !given {
			break
		}
		action, _ := kit.Scalar(raw)
		name, _ := kit.Scalar(q.Keys[prefix+"name"])
		if id, single := kit.Scalar(q.Keys[prefix+"id"]); name == "" && single {
			name = id
		}
		value, _ := kit.Scalar(q.Keys[prefix+"value"])
		if action == "remove" {
			value = ""
		}
		var list []string
		if fields := strings.FieldsFunc(value, func(r rune) bool { return strings.ContainsRune(", \t\r\n", r) }); len(fields) > 0 {
			list = fields
		}
		nets, err := harrier.ParsePrefixes(name, list)
		if err != nil {
			return advancedChanged{}, err
		}
		switch {
		case action != "edit" && action != "remove":
			return advancedChanged{}, harrier.Invalidf(prefix+"action", "%q is neither edit nor remove", action)
		case name == neverScan:
			g.Never = nets
		case name == fragileNets:
			g.Fragile = nets
		default:
			return advancedChanged{}, harrier.Invalidf(prefix+"name", "there is no setting %q", name)
		}
		changed = true
	}
	if !changed {
		return advancedChanged{}, harrier.Invalidf("setting.0.action", "is needed")
	}
	return advancedChanged{[]advancedItem{}}, a.Policies.SetGuard(ctx, by, g)
}

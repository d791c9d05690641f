package insightvm

import (
	"context"
	"strings"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/asset"
	"github.com/harrier-scan/harrier/internal/asset/members"
	words "github.com/harrier-scan/harrier/internal/dialect/nexposewords"
)

// credentialAssessment is how a sign-in at an asset went.
type credentialAssessment struct {
	Port     int    `json:"port"`
	Protocol string `json:"protocol"`
	Status   string `json:"status"`
}

// tag is a word about an asset, and a row of the list of sites.
type tag struct {
	Name string `json:"name"`
	Type string `json:"type"`
}

// identifier is one by which an asset is told from others.
type identifier struct {
	ID     string `json:"id"`
	Source string `json:"source"`
}

// assetRow is an asset with what changed on it.
//
// Source: section 6.2.
type assetRow struct {
	Policies      bool                   `json:"assessed_for_policies"`
	Assessed      bool                   `json:"assessed_for_vulnerabilities"`
	Credentials   []credentialAssessment `json:"credential_assessments"`
	Critical      int                    `json:"critical_vulnerabilities"`
	Exploits      int                    `json:"exploits"`
	HostName      string                 `json:"host_name,omitempty"`
	ID            string                 `json:"id"`
	IP            string                 `json:"ip,omitempty"`
	LastAssessed  *string                `json:"last_assessed_for_vulnerabilities,omitempty"`
	LastScanEnd   *string                `json:"last_scan_end,omitempty"`
	LastScanStart *string                `json:"last_scan_start,omitempty"`
	MAC           string                 `json:"mac,omitempty"`
	Kits          int                    `json:"malware_kits"`
	Moderate      int                    `json:"moderate_vulnerabilities"`
	Architecture  string                 `json:"os_architecture"`
	OS            string                 `json:"os_description"`
	OSFamily      string                 `json:"os_family"`
	OSName        string                 `json:"os_name"`
	OSSystem      string                 `json:"os_system_name"`
	OSType        string                 `json:"os_type"`
	OSVendor      string                 `json:"os_vendor"`
	OSVersion     string                 `json:"os_version"`
	Risk          double                 `json:"risk_score"`
	Severe        int                    `json:"severe_vulnerabilities"`
	Tags          []tag                  `json:"tags"`
	Total         int                    `json:"total_vulnerabilities"`
	Type          string                 `json:"type,omitempty"`
	Identifiers   []identifier           `json:"unique_identifiers,omitzero"`
	New           []finding              `json:"new"`
	Remediated    []finding              `json:"remediated"`
	Same          []finding              `json:"same,omitzero"`
}

// credentialsOf tells how the last scan signed in.
func credentialsOf(list []harrier.SignIn) []credentialAssessment {
	out := make([]credentialAssessment, len(list))
	for i, s := range list {
		out[i] = credentialAssessment{int(s.Port), strings.ToUpper(string(s.Protocol)), s.Result.String()}
	}
	return out
}

// machine is the kind of machine that a kind of device is, "" where that does not
// tell.
func machine(device string) string {
	if kind := members.HostType(device); kind != members.HostTypes[0] {
		return kind
	}
	return ""
}

// assetRows shows assets.
func (a api) assetRows(ctx context.Context, by harrier.Actor, list []harrier.Asset, v viewed) ([]assetRow, error) {
	rows := make([]assetRow, len(list))
	if len(list) == 0 {
		return rows, nil
	}
	ids := make([]harrier.ID, len(list))
	for i := range list {
		ids[i] = list[i].ID
	}
	facts, err := a.Assets.Facts(ctx, by, ids)
	if err != nil {
		return nil, err
	}
	tags, err := a.tags(ctx, by, list, facts)
	if err != nil {
		return nil, err
	}
	open, err := a.open(ctx, by, ids)
	if err != nil {
		return nil, err
	}
	for i := range list {
		one := &list[i]
		rows[i] = a.assetRow(ctx, one, facts[one.ID], open[one.ID])
		rows[i].Tags = tags[one.ID]
		if v.identifiers {
			rows[i].Identifiers = identifiersOf(facts[one.ID].Identifiers)
		}
	}
	return rows, a.changes(ctx, by, list, rows, v)
}

// assetRow shows an asset without its tags and changes. Open are its open
// findings.
func (a api) assetRow(ctx context.Context, one *harrier.Asset, f asset.Facts, open []harrier.JudgedFinding) assetRow {
	parts := harrier.PartsOfOS(one.OS, one.OSCPE, one.DeviceType)
	row := assetRow{
		ID: a.assetID(one.ID), HostName: words.HostName(one), MAC: strings.ToUpper(one.MAC), Type: machine(one.DeviceType),
		Assessed: one.LastScan != 0, Credentials: credentialsOf(f.SignIns),
		Architecture: parts.Architecture, OS: one.OS, OSFamily: parts.Family, OSName: parts.Name, OSSystem: parts.System, OSType: parts.Type,
		OSVendor: parts.Vendor, OSVersion: parts.Version, New: []finding{}, Remediated: []finding{},
	}
	if one.Addr.IsValid() {
		row.IP = one.Addr.WithZone("").String()
	}
	if one.LastScan != 0 {
		row.LastScanEnd, row.LastAssessed = maybe(one.LastSeen), maybe(one.LastSeen)
		if !f.Look.Started.After(one.LastSeen) {
			row.LastScanStart = maybe(f.Look.Started)
		}
	}
	counts, seen, kits := harrier.Counts{}, map[string]bool{}, map[string]bool{}
	for i := range open {
		if open[i].Accepted != 0 {
			continue
		}
		counts[open[i].Severity]++
		v := a.known.of(ctx, open[i].Vulnerability)
		for _, e := range v.Exploits {
			seen[e.Source+" "+e.ID] = true
		}
		for _, m := range v.Malware() {
			kits[m.Name] = true
		}
	}
	row.Exploits, row.Kits = len(seen), len(kits)
	row.Critical, row.Severe, row.Moderate = counts[harrier.Critical], counts[harrier.High], counts[harrier.Medium]
	row.Total = counts.Total()
	row.Risk = double((&harrier.Asset{Open: counts, Importance: one.Importance}).RiskScore())
	return row
}

// identifiersOf are those of an asset that tell it from all others, with the
// kind as the source.
func identifiersOf(list []harrier.Identifier) []identifier {
	out := []identifier{}
	for _, i := range words.Unique(list) {
		out = append(out, identifier{i.Value, string(i.Kind)})
	}
	return out
}

// maxLists bounds the asset groups that tags are made of.
const maxLists = 500

// tags are the words about assets: the sites whose scans saw them, the groups
// that hold them, their tags, and how much they matter.
func (a api) tags(ctx context.Context, by harrier.Actor, list []harrier.Asset, facts map[harrier.ID]asset.Facts) (map[harrier.ID][]tag, error) {
	sites, err := a.Sites.Sites(ctx, by)
	if err != nil {
		return nil, err
	}
	names := make(map[harrier.ID]string, len(sites))
	for _, s := range sites {
		names[s.ID] = s.Name
	}
	out := make(map[harrier.ID][]tag, len(list))
	ids := make([]any, len(list))
	for i := range list {
		one := &list[i]
		ids[i], out[one.ID] = int64(one.ID), []tag{}
		for _, s := range facts[one.ID].Sites {
			if name, sees := names[s]; sees {
				out[one.ID] = append(out[one.ID], tag{name, "SITE"})
			}
		}
	}
	if err := a.groupTags(ctx, by, ids, out); err != nil {
		return nil, err
	}
	rated, err := a.ownTags(ctx, by, list, out)
	if err != nil {
		return nil, err
	}
	for i := range list {
		if word := list[i].Criticality(); word != "" && !rated[list[i].ID] {
			out[list[i].ID] = append(out[list[i].ID], tag{word, "CRITICALITY"})
		}
	}
	return out, nil
}

// ownTags adds the tags that assets carry, and tells which of them carry one of
// how much they matter.
func (a api) ownTags(ctx context.Context, by harrier.Actor, list []harrier.Asset, out map[harrier.ID][]tag) (rated map[harrier.ID]bool, err error) {
	ids := make([]harrier.ID, len(list))
	for i := range list {
		ids[i] = list[i].ID
	}
	of, err := a.Tags.Of(ctx, by, ids...)
	rated = map[harrier.ID]bool{}
	for id, tags := range of {
		for _, t := range tags {
			out[id] = append(out[id], tag{t.Name, strings.ToUpper(string(t.Kind))})
			rated[id] = rated[id] || t.Kind == harrier.CriticalityTag
		}
	}
	return rated, err
}

func (a api) groupTags(ctx context.Context, by harrier.Actor, ids []any, out map[harrier.ID][]tag) error {
	groups, err := a.AssetLists.All(ctx, by)
	if err != nil {
		return err
	}
	for _, g := range groups[:min(len(groups), maxLists)] {
		if g.Kind == "watchlist" { // which need not be of assets
			continue
		}
		holds, err := a.AssetLists.Members(ctx, by, g.ID)
		if err != nil { // made of one that is gone: it holds nothing
			continue
		}
		members, _, err := a.Assets.Assets(ctx, by, harrier.And{harrier.Cmp{Field: "id", Op: harrier.Eq, Values: ids}, holds}, asset.Page{})
		if err != nil {
			return err
		}
		for _, m := range members {
			out[m.ID] = append(out[m.ID], tag{g.Name, "CUSTOM"})
		}
	}
	return nil
}

// flaw is the condition that a finding is of a weakness: facts are none.
var flaw = harrier.Cmp{Field: "severity", Op: harrier.Gt, Values: []any{int64(harrier.Info)}}

// flaws are the condition that a finding is of a weakness, and one of those that
// e holds for.
func flaws(e harrier.Expr) harrier.Expr {
	if e == nil {
		return flaw
	}
	return harrier.And{flaw, e}
}

// open returns the open findings of weaknesses of assets, by asset.
func (a api) open(ctx context.Context, by harrier.Actor, ids []harrier.ID) (map[harrier.ID][]harrier.JudgedFinding, error) {
	now := a.Now()
	list, err := a.Findings.Changes(ctx, by, ids, flaw, now, now, true)
	if err != nil {
		return nil, err
	}
	out := make(map[harrier.ID][]harrier.JudgedFinding, len(ids))
	for i, id := range ids {
		out[id] = list[i].Same
	}
	return out, nil
}

// changes fills in what is new, remediated and the same between two instants.
//
// Source: section 6.4.
func (a api) changes(ctx context.Context, by harrier.Actor, list []harrier.Asset, rows []assetRow, v viewed) error {
	for i := range rows {
		if v.same {
			rows[i].Same = []finding{}
		}
	}
	if !v.same && !v.comparison.Before(v.current) {
		return nil
	}
	ids := make([]harrier.ID, len(list))
	for i := range list {
		ids[i] = list[i].ID
	}
	changes, err := a.Findings.Changes(ctx, by, ids, flaws(v.findings), v.comparison, v.current, v.same)
	if err != nil {
		return err
	}
	for i := range rows {
		one := &list[i]
		put := func(to *[]finding, list []harrier.JudgedFinding) {
			for k := range list {
				*to = append(*to, findingOf(&list[k], a.known.of(ctx, list[k].Vulnerability), one))
			}
		}
		put(&rows[i].New, changes[i].New)
		put(&rows[i].Remediated, changes[i].Remediated)
		put(&rows[i].Same, changes[i].Same)
	}
	return nil
}

package securitycenter

import (
	"cmp"
	"context"
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/scan"
)

func (a api) scanRoutes(m *router) {
	m.handle("GET /scan", a.listScans)
	m.handle("POST /scan", a.createScan)
	m.handle("GET /scan/{id}", a.getScan)
	m.handle("PATCH /scan/{id}", a.updateScan)
	m.handle("DELETE /scan/{id}", a.deleteScan)
	m.handle("POST /scan/{id}/copy", a.copyScan)
	m.handle("POST /scan/{id}/launch", a.launchScan)
}

// What this dialect keeps of a scan beside what all dialects know, by name in
// harrier.SiteOptions.
const (
	givenType     = ownPrefix + "type" // "policy" or "plugin"
	givenPlugin   = ownPrefix + "pluginID"
	givenPolicy   = ownPrefix + "policy" // the listed policy that its private one is a copy of
	givenCreds    = ownPrefix + "credentials"
	givenDHCP     = ownPrefix + "dhcpTracking"
	givenAge      = ownPrefix + "classifyMitigatedAge"
	givenMailOn   = ownPrefix + "emailOnLaunch"
	givenMailEnd  = ownPrefix + "emailOnFinish"
	givenMaxTime  = ownPrefix + "maxScanTime"
	givenRollover = ownPrefix + "rolloverType"
	givenTimeout  = ownPrefix + "timeoutAction"
	givenVirtual  = ownPrefix + "scanningVirtualHosts"
	givenSilence  = ownPrefix + "inactivityTimeout"
	givenReports  = ownPrefix + "reports"     // JSON
	givenPrefs    = ownPrefix + "policyPrefs" // JSON
	givenKind     = ownPrefix + "schedule"
	givenStart    = ownPrefix + "start"
	givenRule     = ownPrefix + "repeatRule"
	givenURLs     = ownPrefix + "urlList"
	givenOnce     = ownPrefix + "once"     // made with schedule "now": not listed
	givenGone     = ownPrefix + "deleted"  // only its results are left
	givenExternal = ownPrefix + "external" // made of an imported file
)

// isListed reports whether a site is a scan that lists show: not one that was
// made for a single run, and not one of which only results are left.
func isListed(s harrier.Site) bool {
	kept := keptOf(s)
	return kept[givenOnce] == "" && kept[givenGone] == "" && kept[givenExternal] == ""
}

// scanItem is a scan definition.
//
// Source: securitycenter-api.md, section 8.2.
type scanItem struct {
	ID           string          `json:"id"`
	UUID         string          `json:"uuid"`
	Name         string          `json:"name"`
	Description  string          `json:"description"`
	IPList       string          `json:"ipList"`
	Type         string          `json:"type"`
	DHCP         string          `json:"dhcpTracking"`
	MitigatedAge string          `json:"classifyMitigatedAge"`
	MailOnLaunch string          `json:"emailOnLaunch"`
	MailOnFinish string          `json:"emailOnFinish"`
	Timeout      string          `json:"timeoutAction"`
	VirtualHosts string          `json:"scanningVirtualHosts"`
	Rollover     string          `json:"rolloverType"`
	Status       string          `json:"status"`
	Created      string          `json:"createdTime"`
	Modified     string          `json:"modifiedTime"`
	MaxTime      string          `json:"maxScanTime"`
	Inactivity   string          `json:"inactivityTimeout"`
	Reports      json.RawMessage `json:"reports"`
	Assets       []ref           `json:"assets"`
	Credentials  []credentialRef `json:"credentials"`
	Dependents   string          `json:"numDependents"`
	Schedule     scheduleItem    `json:"schedule"`
	Policy       any             `json:"policy"`
	PolicyPrefs  json.RawMessage `json:"policyPrefs"`
	Repository   repositoryRef   `json:"repository"`
	CanUse       string          `json:"canUse"`
	CanManage    string          `json:"canManage"`
	Plugin       any             `json:"plugin"`
	Zone         any             `json:"zone"`
	OwnerGroup   ref             `json:"ownerGroup"`
	Creator      userRef         `json:"creator"`
	Owner        userRef         `json:"owner"`
	URLList      string          `json:"urlList"`
	Result       string          `json:"scanResultID,omitempty"` // of a scan that was launched at once
}

// scanPolicy is a policy as a scan names it.
type scanPolicy struct {
	ID          string  `json:"id"`
	Context     string  `json:"context"`
	Name        string  `json:"name"`
	Description string  `json:"description"`
	Tags        string  `json:"tags"`
	UUID        string  `json:"uuid"`
	Owner       userRef `json:"owner"`
	OwnerGroup  ref     `json:"ownerGroup"`
}

// repositoryRef is a repository as other objects name it.
type repositoryRef struct {
	ref
	Type       string `json:"type"`
	DataFormat string `json:"dataFormat"`
	UUID       string `json:"uuid"`
}

func (a api) newScan(ctx context.Context, by harrier.Actor, s harrier.Site) (scanItem, error) {
	followers, err := a.Sites.Followers(ctx)
	if err != nil {
		return scanItem{}, err
	}
	return a.newScanAmong(ctx, by, s, followers)
}

// newScanAmong is newScan for one of many; followers counts the scans that come
// after each.
func (a api) newScanAmong(ctx context.Context, by harrier.Actor, s harrier.Site, followers map[harrier.ID]int) (scanItem, error) {
	given := keptOf(s)
	owner := a.people(ctx).ref(s.Owner)
	level := a.Sites.Level(by, s)
	w := scanItem{
		ID: sid(s.ID), UUID: suuid(s.UUID), Name: s.Name, Description: s.Description, Type: cmp.Or(given[givenType], "policy"),
		DHCP: cmp.Or(given[givenDHCP], "false"), MitigatedAge: cmp.Or(given[givenAge], "0"), MailOnLaunch: cmp.Or(given[givenMailOn], "false"),
		MailOnFinish: cmp.Or(given[givenMailEnd], "false"), Timeout: cmp.Or(given[givenTimeout], "import"), VirtualHosts: cmp.Or(given[givenVirtual], "false"),
		Rollover: cmp.Or(given[givenRollover], "template"), Status: "0", Created: stime(s.Created), Modified: stime(s.Modified),
		MaxTime: cmp.Or(given[givenMaxTime], unlimited), Inactivity: cmp.Or(given[givenSilence], "3600"), Reports: rawList(given[givenReports]),
		Assets: []ref{}, Credentials: []credentialRef{}, PolicyPrefs: rawList(given[givenPrefs]), Dependents: sid(followers[s.ID]),
		CanUse: sbool(level >= harrier.MayView), CanManage: sbool(level >= harrier.MayConfigure), Plugin: noRef, Zone: noRef, Policy: noRef,
		OwnerGroup: a.groups(ctx, by).owner(s.Owner), Creator: owner, Owner: owner,
	}
	if len(s.Options.Defined) == 0 && given[givenURLs] == "" {
		w.IPList = s.Targets
	}
	for _, id := range slices.Concat(s.Options.Defined, s.Options.Lists) { // the latter where another door named them
		l, err := a.AssetLists.List(ctx, by, id)
		if err != nil {
			l.ID = id
		}
		w.Assets = append(w.Assets, ref{sid(l.ID), l.Name, l.Description})
	}
	for _, id := range idList(given[givenCreds]) {
		if p, err := a.credential(ctx, by, id, "get"); err == nil {
			w.Credentials = append(w.Credentials, newCredentialRef(p))
		}
	}
	w.URLList = given[givenURLs]
	if s.Pool != "" {
		zone, err := a.zoneNamed(ctx, s.Pool)
		if err != nil {
			return w, err
		}
		w.Zone = zone
	}
	if id := idOf(given[givenPlugin]); id != 0 && w.Type == "plugin" {
		v, _ := a.Vulns.Lookup(harrier.VulnID(id))
		w.Plugin = ref{sid(id), v.Name, v.Description}
	}
	var err error
	if w.Repository, err = a.repositoryOf(ctx, by, s.Repository); err != nil {
		return w, err
	}
	if w.Schedule, err = a.newSchedule(ctx, by, s); err != nil {
		return w, err
	}
	return w, a.namePolicy(ctx, &w, s)
}

// namePolicy says which policy a scan has: the listed one that a private one is
// a copy of, none for a scan of a single plugin.
func (a api) namePolicy(ctx context.Context, w *scanItem, s harrier.Site) error {
	if w.Type == "plugin" {
		return nil
	}
	id := cmp.Or(idOf(s.Options.Given[givenPolicy]), s.Policy)
	p, err := a.Policies.Policy(ctx, harrier.System, id)
	if err != nil {
		if harrier.KindOf(err) == harrier.NotFound {
			return nil
		}
		return err
	}
	w.Policy = scanPolicy{
		sid(p.ID), p.Preferences[keptContext], p.Name, p.Description, p.Preferences[keptTags], suuid(p.UUID), a.people(ctx).ref(p.Owner), w.OwnerGroup,
	}
	return nil
}

// rawList is a stored JSON list.
func rawList(text string) json.RawMessage { return json.RawMessage(cmp.Or(text, "[]")) }

func idList(text string) []harrier.ID {
	var out []harrier.ID
	for part := range strings.SplitSeq(text, ",") {
		if id := idOf(part); id != 0 {
			out = append(out, id)
		}
	}
	return out
}

func joinIDs(list givens) string {
	out := make([]string, len(list))
	for i, n := range list {
		out[i] = strconv.FormatInt(int64(n), 10)
	}
	return strings.Join(out, ",")
}

func (a api) listScans(ctx context.Context, by harrier.Actor, q *query) (any, error) {
	sites, err := a.Sites.Sites(ctx, by)
	if err != nil {
		return nil, err
	}
	followers, err := a.Sites.Followers(ctx)
	if err != nil {
		return nil, err
	}
	var usable, manageable []scanItem
	for _, s := range sites {
		if !isListed(s) {
			continue
		}
		item, err := a.newScanAmong(ctx, by, s, followers)
		if err != nil {
			return nil, err
		}
		usable = append(usable, item)
		if a.Sites.Level(by, s) >= harrier.MayConfigure {
			manageable = append(manageable, item)
		}
	}
	return lists(by, q, usable, manageable, q.fields("id", "name", "description", "status"), "id", "uuid")
}

// site finds the site of a scan that this dialect shows: a listed one, or one
// that was made for a single run while that goes on.
func (a api) site(ctx context.Context, by harrier.Actor, id harrier.ID, verb string) (harrier.Site, error) {
	s, err := a.Sites.Site(ctx, by, id)
	if err != nil {
		return s, missing(err, "Scan", sid(id), verb)
	}
	s.Options.Given = keptOf(s)
	if isListed(s) {
		return s, nil
	}
	if s.Options.Given[givenOnce] != "" && s.Options.Given[givenGone] == "" {
		runs, err := a.Scans.Of(ctx, by, id)
		if err != nil {
			return s, err
		}
		if len(runs) == 0 || slices.ContainsFunc(runs, func(sc harrier.Scan) bool { return !sc.Status.Ended() }) {
			return s, nil
		}
	}
	return harrier.Site{}, noObject("Scan", sid(id), verb)
}

func (a api) getScan(ctx context.Context, by harrier.Actor, q *query) (any, error) {
	s, err := a.site(ctx, by, q.id(), "get")
	if err != nil {
		return nil, err
	}
	item, err := a.newScan(ctx, by, s)
	return pick(item, q.fields(), "id", "uuid"), err
}

func (a api) createScan(ctx context.Context, by harrier.Actor, q *query) (any, error) {
	var r scanRequest
	if err := q.body(&r); err != nil {
		return nil, err
	}
	s := harrier.Site{Options: harrier.SiteOptions{Given: map[string]string{}}}
	if err := r.require(); err != nil {
		return nil, err
	}
	if err := r.apply(ctx, a, by, &s); err != nil {
		return nil, err
	}
	p, err := r.policy(ctx, a, by, &s)
	if err != nil {
		return nil, err
	}
	if err := a.storeScan(ctx, by, &s, p); err != nil {
		return nil, err
	}
	if s.Options.Given[givenKind] != nowKind {
		return a.newScan(ctx, by, s)
	}
	run, err := a.Scans.Launch(ctx, by, s.ID, scan.Launch{})
	if err != nil {
		return nil, a.undo(ctx, by, s, err)
	}
	if s, err = a.Sites.Site(ctx, by, s.ID); err != nil {
		return nil, err
	}
	item, err := a.newScan(ctx, by, s)
	item.Result = sid(run.ID)
	return item, err
}

// storeScan stores a new scan with its policy, which is a new private one when
// it has no ID.
func (a api) storeScan(ctx context.Context, by harrier.Actor, s *harrier.Site, p harrier.Policy) error {
	if p.ID == 0 {
		return a.Sites.CreateWith(ctx, by, s, &p)
	}
	s.Policy = p.ID
	return a.Sites.Create(ctx, by, s)
}

// undo removes a scan that could not be launched, and its private policy: a
// refused request leaves nothing behind.
func (a api) undo(ctx context.Context, by harrier.Actor, s harrier.Site, because error) error {
	if err := a.Sites.Delete(context.WithoutCancel(ctx), by, s.ID); err != nil {
		a.Log.ErrorContext(ctx, "scan left over", "site", s.ID, "err", err)
	}
	return because
}

func (a api) updateScan(ctx context.Context, by harrier.Actor, q *query) (any, error) {
	var r scanRequest
	if err := q.body(&r); err != nil {
		return nil, err
	}
	s, err := a.site(ctx, by, q.id(), "update")
	if err != nil {
		return nil, err
	}
	before := s
	s.Options.Given = cloneMap(s.Options.Given)
	if err := r.apply(ctx, a, by, &s); err != nil {
		return nil, err
	}
	if err := a.changePolicy(ctx, by, &s, before, r); err != nil {
		return nil, err
	}
	started := ""
	if r.at() == nowKind && s.Options.Given[givenOnce] == "" { // one that was made for a single run has it
		run, err := a.Scans.Launch(ctx, by, s.ID, scan.Launch{Queue: true})
		if err != nil {
			return nil, err
		}
		started = sid(run.ID)
	}
	if s, err = a.Sites.Site(ctx, by, s.ID); err != nil {
		return nil, err
	}
	item, err := a.newScan(ctx, by, s)
	item.Result = started
	return pick(item, q.fields(), "id", "uuid", "scanResultID"), err
}

// changePolicy stores a changed scan with the policy that the request leads to.
func (a api) changePolicy(ctx context.Context, by harrier.Actor, s *harrier.Site, before harrier.Site, r scanRequest) error {
	if !r.touchesPolicy() {
		var err error
		if s.Options.Terms, err = termsOf(s.Options.Given); err != nil {
			return err
		}
		return a.Sites.Update(ctx, by, s)
	}
	old, err := a.Policies.Policy(ctx, harrier.System, before.Policy)
	if err != nil {
		return err
	}
	if r.Policy <= 0 && s.Options.Given[givenType] != "plugin" { // the one that it has
		r.Policy = given(cmp.Or(idOf(before.Options.Given[givenPolicy]), before.Policy))
	}
	p, err := r.policy(ctx, a, by, s)
	if err != nil {
		return err
	}
	if p.ID == 0 {
		return a.Sites.UpdateWith(ctx, by, s, &p)
	}
	s.Policy = p.ID
	if err := a.Sites.Update(ctx, by, s); err != nil || !old.Hidden || old.ID == p.ID {
		return err
	}
	return a.Policies.Delete(ctx, by, old.ID)
}

// deleteScan removes a scan. Its results stay: a site that has some is kept for
// them, without a schedule, in the trash, and with a policy of its own so that
// it holds no listed one back.
func (a api) deleteScan(ctx context.Context, by harrier.Actor, q *query) (any, error) {
	s, err := a.site(ctx, by, q.id(), "delete")
	if err != nil {
		return nil, err
	}
	runs, err := a.Scans.Of(ctx, by, s.ID)
	if err != nil {
		return nil, err
	}
	if len(runs) == 0 || slices.ContainsFunc(runs, func(sc harrier.Scan) bool { return !sc.Status.Ended() }) {
		return nil, a.Sites.Delete(ctx, by, s.ID)
	}
	if a.Sites.Level(by, s) < harrier.Owns {
		return nil, notAllowed("you may not delete scan %q", s.Name)
	}
	s.Options.Given = cloneMap(s.Options.Given)
	s.Options.Given[givenGone] = sbool(true)
	s.Folder = harrier.Trash
	p, err := a.Policies.Policy(ctx, harrier.System, s.Policy)
	if err != nil {
		return nil, err
	}
	if p.Hidden {
		return nil, a.Sites.Retire(ctx, by, &s, nil)
	}
	c := privateCopy(p)
	return nil, a.Sites.Retire(ctx, by, &s, &c)
}

// copyReply holds a copied scan.
//
// Source: securitycenter-api.md, trap 13.
type copyReply struct {
	Scan any `json:"scan"`
}

func (a api) copyScan(ctx context.Context, by harrier.Actor, q *query) (any, error) {
	var r struct {
		Target given `json:"targetUser"`
	}
	if err := q.body(&r); err != nil {
		return nil, err
	}
	s, err := a.site(ctx, by, q.id(), "copy")
	if err != nil {
		return nil, err
	}
	c := s
	c.Name, c.Options.Given, c.Grants, c.Owner = cmp.Or(strings.TrimSpace(q.param("name")), "Copy of "+s.Name), cloneMap(s.Options.Given), nil, by.User
	if r.Target > 0 {
		c.Owner = harrier.ID(r.Target)
	}
	p, err := a.Policies.Policy(ctx, harrier.System, s.Policy)
	if err != nil {
		return nil, err
	}
	if p.Hidden {
		p = privateCopy(p)
	}
	if err := a.storeScan(ctx, by, &c, p); err != nil {
		return nil, err
	}
	item, err := a.newScan(ctx, by, c)
	return copyReply{item}, err
}

// launchReply is the answer of a launch.
//
// Source: securitycenter-api.md, section 8.3.
type launchReply struct {
	ScanID string       `json:"scanID"`
	Result launchResult `json:"scanResult"`
}

type launchResult struct {
	Initiator      any    `json:"initiatorID"` // a number for those who came with API keys
	Owner          string `json:"ownerID"`
	OwnerGroup     string `json:"ownerGID"`
	Scan           string `json:"scanID"`
	ResultsSync    int    `json:"resultsSyncID"`
	Job            string `json:"jobID"`
	Repository     string `json:"repositoryID"`
	Name           string `json:"name"`
	Description    string `json:"description"`
	Details        string `json:"details"`
	Status         string `json:"status"`
	ImportStatus   string `json:"importStatus"`
	DownloadFormat string `json:"downloadFormat"`
	DataFormat     string `json:"dataFormat"`
	ResultType     string `json:"resultType"`
	Running        string `json:"running"`
	Error          string `json:"errorDetails"`
	ImportError    string `json:"importErrorDetails"`
	TotalIPs       int    `json:"totalIPs"`
	ScannedIPs     int    `json:"scannedIPs"`
	Start          int    `json:"startTime"`
	Finish         int    `json:"finishTime"`
	ID             string `json:"id"`
}

func (a api) launchScan(ctx context.Context, by harrier.Actor, q *query) (any, error) {
	s, err := a.site(ctx, by, q.id(), "launch")
	if err != nil {
		return nil, err
	}
	run, err := a.Scans.Launch(ctx, by, s.ID, scan.Launch{Queue: true})
	if err != nil {
		return nil, err
	}
	w := launchResult{
		Initiator: sid(by.User), Owner: sid(run.Owner), OwnerGroup: a.groups(ctx, by).owner(run.Owner).ID, Scan: sid(s.ID), ResultsSync: -1, Job: sid(run.ID), Repository: sid(run.Repository),
		Name: run.Name, Description: s.Description, Details: detailsOf(s, run), Status: "Queued", ImportStatus: importNone, DownloadFormat: "v2",
		DataFormat: dataFormat, ResultType: "active", Running: sbool(false), TotalIPs: -1, Start: -1, ID: sid(run.ID),
	}
	if q.byKey {
		w.Initiator = by.User
	}
	return launchReply{sid(s.ID), w}, nil
}

// detailsOf names what a run looked for: its policy, or its plugin.
func detailsOf(s harrier.Site, run harrier.Scan) string {
	if s.Options.Given[givenType] == "plugin" {
		return "Plugin #" + s.Options.Given[givenPlugin]
	}
	return run.PolicyName
}

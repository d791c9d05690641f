package nessus

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/calendar"
	"github.com/harrier-scan/harrier/internal/dialect/kit"
	"github.com/harrier-scan/harrier/internal/scan"
)

// listScansRequest is a GET /scans.
type listScansRequest struct {
	Folder *kit.Int `from:"query folder_id"`
	Since  *kit.Int `from:"query last_modification_date"` // only scans changed after it
}

// listScansReply is its answer; its lists are never null.
type listScansReply struct {
	Folders   []folderItem `json:"folders"`
	Scans     []scanItem   `json:"scans"`
	Timestamp int64        `json:"timestamp"`
}

// scanItem is a scan in a list.
//
// Source: nessus-api.md, section 4.1.
type scanItem struct {
	ID              harrier.ID    `json:"id"`
	UUID            string        `json:"uuid"`
	Name            string        `json:"name"`
	Type            *string       `json:"type"` // null before the first launch
	Status          string        `json:"status"`
	FolderID        harrier.ID    `json:"folder_id"`
	Owner           string        `json:"owner"`
	Read            bool          `json:"read"`
	Enabled         bool          `json:"enabled"`
	Control         bool          `json:"control"`
	Shared          bool          `json:"shared"`
	UserPermissions harrier.Level `json:"user_permissions"`
	Created         int64         `json:"creation_date"`
	Modified        int64         `json:"last_modification_date"`
	StartTime       *string       `json:"starttime"`
	Rules           *string       `json:"rrules"`
	Timezone        *string       `json:"timezone"`
	UseDashboard    bool          `json:"use_dashboard"`
	LiveResults     int           `json:"live_results"`
	HasTriggers     bool          `json:"has_triggers"`
	Progress        int           `json:"progress"`
	TotalTargets    int           `json:"total_targets"`
}

// newScanItem shows a site with its newest scan, or with none.
func newScanItem(s harrier.Site, last *harrier.Scan, level harrier.Level, owner string) scanItem {
	w := scanItem{
		ID: s.ID, UUID: definitionUUID(s), Name: s.Name, Status: statusEmpty, FolderID: folderOf(s), Owner: owner,
		Read: s.Read, Enabled: s.Schedule.Enabled, Control: level >= harrier.MayControl, Shared: len(s.Grants) > 0, UserPermissions: level,
		Created: unix(s.Created), Modified: unix(s.Modified),
		StartTime: orNull(s.Schedule.Start), Rules: orNull(s.Schedule.Rule), Timezone: orNull(s.Schedule.Timezone),
	}
	if last != nil {
		w.Type, w.UUID, w.Status = text("local"), longUUID(last.UUID), statusWord(last.Status)
		w.Modified = max(w.Modified, unix(last.Modified))
		w.Progress, w.TotalTargets = percent(*last), last.HostsTotal
	}
	return w
}

// percent says how far a scan is; only one that has ended is at 100.
func percent(s harrier.Scan) int {
	switch {
	case s.Status.Ended():
		return 100
	case s.HostsTotal == 0:
		return 0
	}
	return min(99, 100*s.HostsDone/s.HostsTotal)
}

// folderOf is never zero: every scan is in a folder.
func folderOf(s harrier.Site) harrier.ID { return cmp.Or(s.Folder, harrier.MyScans) }

func orNull(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

func (a api) listScans(ctx context.Context, by harrier.Actor, q listScansRequest) (listScansReply, error) {
	sites, err := a.Sites.Sites(ctx, by)
	if err != nil {
		return listScansReply{}, err
	}
	latest, err := a.Scans.Latest(ctx, by)
	if err != nil {
		return listScansReply{}, err
	}
	reply := listScansReply{Scans: []scanItem{}, Timestamp: a.Now().Unix()}
	if reply.Folders, err = a.folders(ctx, by, sites); err != nil {
		return listScansReply{}, err
	}
	names := a.names(ctx)
	for _, s := range sites {
		item := newScanItem(s, lastOf(latest, s.ID), a.Sites.Level(by, s), names.of(s.Owner))
		if q.Folder != nil && item.FolderID != harrier.ID(*q.Folder) || q.Since != nil && item.Modified <= int64(*q.Since) {
			continue
		}
		reply.Scans = append(reply.Scans, item)
	}
	return reply, nil
}

func lastOf(latest map[harrier.ID]harrier.Scan, site harrier.ID) *harrier.Scan {
	if s, ok := latest[site]; ok {
		return &s
	}
	return nil
}

// item shows one site with its newest scan.
func (a api) item(ctx context.Context, by harrier.Actor, s harrier.Site) (scanItem, error) {
	var last *harrier.Scan
	if s.LastScan != 0 {
		sc, err := a.Scans.Scan(ctx, by, s.LastScan)
		if err != nil && harrier.KindOf(err) != harrier.NotFound {
			return scanItem{}, err
		}
		if err == nil {
			last = &sc
		}
	}
	return newScanItem(s, last, a.Sites.Level(by, s), a.names(ctx).of(s.Owner)), nil
}

// launchRequest is a POST /scans/{id}/launch.
type launchRequest struct {
	byID
	Targets kit.Texts `json:"alt_targets"` // instead of the scan's own
}

// launchReply names the new run.
type launchReply struct {
	ScanUUID string `json:"scan_uuid"`
}

func (a api) launchScan(ctx context.Context, by harrier.Actor, q launchRequest) (launchReply, error) {
	if err := a.refuseImported(ctx, by, q.ID); err != nil {
		return launchReply{}, err
	}
	sc, err := a.Scans.Launch(ctx, by, q.ID, scan.Launch{Targets: strings.Join(q.Targets, ",")})
	return launchReply{longUUID(sc.UUID)}, err
}

// refuseImported answers Forbidden for a scan that came from a file: there is
// nothing to launch.
func (a api) refuseImported(ctx context.Context, by harrier.Actor, id harrier.ID) error {
	s, err := a.Sites.Site(ctx, by, id)
	if err != nil || s.LastScan == 0 {
		return err
	}
	last, err := a.Scans.Scan(ctx, by, s.LastScan)
	if err == nil && last.Status == harrier.ScanImported {
		return harrier.Errorf(harrier.Forbidden, "an imported scan can not be launched")
	}
	return err
}

// command makes a handler that asks the newest run of a scan for c.
func (a api) command(c harrier.Command) func(context.Context, harrier.Actor, byID) (kit.Empty, error) {
	return func(ctx context.Context, by harrier.Actor, q byID) (kit.Empty, error) {
		s, err := a.Sites.Site(ctx, by, q.ID)
		if err != nil {
			return kit.Empty{}, err
		}
		if s.LastScan == 0 {
			return kit.Empty{}, harrier.Errorf(harrier.Conflict, "the scan is not active")
		}
		return kit.Empty{}, a.Scans.Command(ctx, by, s.LastScan, c)
	}
}

// copyRequest is a POST /scans/{id}/copy.
type copyRequest struct {
	byID
	Folder  *kit.Int `json:"folder_id"`
	Name    kit.Text `json:"name"`
	History kit.Bool `json:"history"`
}

// copyScan makes a scan like another one. Its runs are not copied: what was
// found belongs to the scan that found it.
func (a api) copyScan(ctx context.Context, by harrier.Actor, q copyRequest) (scanItem, error) {
	old, err := a.Sites.Site(ctx, by, q.ID)
	if err != nil {
		return scanItem{}, err
	}
	if q.History {
		return scanItem{}, harrier.Invalidf("history", "runs can not be copied")
	}
	s := harrier.Site{
		Name: cmp.Or(strings.TrimSpace(string(q.Name)), "Copy of "+old.Name), Description: old.Description, Repository: old.Repository,
		Folder: old.Folder, Targets: old.Targets, Exclude: old.Exclude, Policy: old.Policy, Engine: old.Engine, Pool: old.Pool,
		Schedule: old.Schedule, Emails: old.Emails,
	}
	s.Schedule.Enabled = false // a copy never runs unasked
	if q.Folder != nil {
		s.Folder = harrier.ID(*q.Folder)
	}
	p, err := a.copyPolicy(ctx, by, old.Policy)
	if err != nil {
		return scanItem{}, err
	}
	if err := a.createSite(ctx, by, &s, p); err != nil {
		return scanItem{}, err
	}
	return a.item(ctx, by, s)
}

// copyPolicy is the policy of a copied scan: the same one when it is listed,
// else one like it that is still to be created. Credentials stay behind: they
// are the business of whom they were given to.
func (a api) copyPolicy(ctx context.Context, by harrier.Actor, id harrier.ID) (harrier.Policy, error) {
	p, err := a.Policies.Policy(ctx, harrier.System, id)
	if err != nil || !p.Hidden {
		return p, err
	}
	if mine, err := a.Policies.Policy(ctx, by, id); err == nil && len(mine.Credentials) > 0 {
		return a.Policies.Copy(ctx, by, id)
	}
	p = copyOf(p)
	p.Hidden = true
	return p, nil
}

// deleteScan removes a scan with its runs.
func (a api) deleteScan(ctx context.Context, by harrier.Actor, q byID) (kit.Empty, error) {
	return kit.Empty{}, a.Sites.Delete(ctx, by, q.ID)
}

func (a api) deleteScans(ctx context.Context, by harrier.Actor, q byIDs) (deletedReply, error) {
	return deleteEach(q.IDs, func(id harrier.ID) error { return a.Sites.Delete(ctx, by, id) })
}

// historyRow names a run of a scan in the path.
type historyRow struct {
	byID
	History harrier.ID `from:"path history"`
}

func (a api) deleteHistory(ctx context.Context, by harrier.Actor, q historyRow) (kit.Empty, error) {
	sc, err := a.Scans.Scan(ctx, by, q.History)
	if err == nil && sc.Site != q.ID {
		err = errFileNotFound
	}
	if err != nil {
		return kit.Empty{}, err
	}
	return kit.Empty{}, a.Scans.Delete(ctx, by, q.History)
}

// readRequest is a PUT /scans/{id}/status; the query and the body will do.
// Net::Nessus::REST sends the word "read" or "unread" as the status.
type readRequest struct {
	byID
	Read   *kit.Bool `from:"query read" json:"read"`
	Status kit.Text  `json:"status"`
}

func (a api) setRead(ctx context.Context, by harrier.Actor, q readRequest) (kit.Empty, error) {
	read := q.Status == "read"
	switch {
	case q.Read != nil:
		read = bool(*q.Read)
	case !read && q.Status != "unread":
		return kit.Empty{}, harrier.Invalidf("read", "is needed")
	}
	return kit.Empty{}, a.Sites.SetRead(ctx, by, q.ID, read)
}

// scheduleRequest is a PUT /scans/{id}/schedule; the query and the body will do.
type scheduleRequest struct {
	byID
	Enabled *kit.Bool `from:"query enabled" json:"enabled"`
}

// scheduleReply tells the schedule that is in force.
type scheduleReply struct {
	Enabled   bool    `json:"enabled"`
	Control   bool    `json:"control"`
	Rules     *string `json:"rrules"`
	StartTime *string `json:"starttime"`
	Timezone  *string `json:"timezone"`
}

func (a api) setSchedule(ctx context.Context, by harrier.Actor, q scheduleRequest) (scheduleReply, error) {
	s, err := a.Sites.Site(ctx, by, q.ID)
	if err != nil {
		return scheduleReply{}, err
	}
	switch {
	case q.Enabled == nil:
		return scheduleReply{}, harrier.Invalidf("enabled", "is needed")
	case s.Schedule.Start == "":
		return scheduleReply{}, harrier.Errorf(harrier.Conflict, "the scan has no schedule")
	}
	s.Schedule.Enabled = bool(*q.Enabled)
	if err := a.Sites.Update(ctx, by, &s); err != nil {
		return scheduleReply{}, err
	}
	return scheduleReply{
		Enabled: s.Schedule.Enabled, Control: a.Sites.Level(by, s) >= harrier.MayControl,
		Rules: orNull(s.Schedule.Rule), StartTime: orNull(s.Schedule.Start), Timezone: orNull(s.Schedule.Timezone),
	}, nil
}

// moveRequest is a PUT /scans/{id}/folder.
type moveRequest struct {
	byID
	Folder *kit.Int `json:"folder_id"`
}

func (a api) moveScan(ctx context.Context, by harrier.Actor, q moveRequest) (kit.Empty, error) {
	if q.Folder == nil {
		return kit.Empty{}, harrier.Invalidf("folder_id", "is needed")
	}
	return kit.Empty{}, a.Sites.Move(ctx, by, q.ID, harrier.ID(*q.Folder))
}

// timezone is one that a schedule may name.
type timezone struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// timezonesReply is the answer of GET /scans/timezones.
type timezonesReply struct {
	Timezones []timezone `json:"timezones"`
}

func (a api) listTimezones(context.Context, harrier.Actor, struct{}) (timezonesReply, error) {
	var reply timezonesReply
	for _, name := range calendar.Timezones() {
		reply.Timezones = append(reply.Timezones, timezone{strings.TrimPrefix(name, "Etc/"), name})
	}
	slices.SortStableFunc(reply.Timezones, func(a, b timezone) int { return strings.Compare(a.Name, b.Name) })
	return reply, nil
}

// latestReply is the answer of GET /scans/{id}/latest-status.
type latestReply struct {
	Status string `json:"status"`
}

func (a api) latestStatus(ctx context.Context, by harrier.Actor, q byID) (latestReply, error) {
	s, err := a.Sites.Site(ctx, by, q.ID)
	if err != nil {
		return latestReply{}, err
	}
	item, err := a.item(ctx, by, s)
	return latestReply{item.Status}, err
}

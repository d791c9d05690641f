package securitycenter

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/harrier-scan/harrier"
)

func (a api) scanResultRoutes(m *router) {
	m.handle("GET /scanResult", a.listResults)
	m.handle("POST /scanResult/import", a.importResult)
	m.handle("GET /scanResult/{id}", a.getResult)
	m.handle("DELETE /scanResult/{id}", a.deleteResult)
	m.handle("POST /scanResult/{id}/pause", a.commandResult(harrier.Pause))
	m.handle("POST /scanResult/{id}/resume", a.commandResult(harrier.Resume))
	m.handle("POST /scanResult/{id}/stop", a.stopResult)
	m.handle("POST /scanResult/{id}/copy", a.copyResult)
	m.handle("POST /scanResult/{id}/email", a.mailResult)
	m.handle("POST /scanResult/{id}/download", a.downloadResult)
	m.handle("POST /scanResult/{id}/import", a.reimportResult)
}

// The words for how far the results of a scan are folded into findings. They
// are folded while the scan runs; the word follows the scan.
//
// Source: securitycenter-api.md, section 9.1.
const (
	importNone     = "No Results"
	importFinished = "Finished"
)

// statusOf is the API's words for where a run stands: a stopped one is partial
// when something answered, else an error.
//
// Source: securitycenter-api.md, sections 9.1 and 9.3.
func statusOf(sc harrier.Scan) (status, imported string) {
	switch sc.Status {
	case harrier.ScanQueued:
		return "Queued", importNone
	case harrier.ScanRunning:
		return runningWord(sc), importWord(sc)
	case harrier.ScanPausing:
		return "Pausing", importWord(sc)
	case harrier.ScanPaused:
		return "Paused", importWord(sc)
	case harrier.ScanResuming:
		return "Resuming", importWord(sc)
	case harrier.ScanStopping:
		return "Stopping", importWord(sc)
	case harrier.ScanCompleted:
		if sc.HostsDone < sc.HostsTotal { // engines did not report on all
			return "Partial", importFinished
		}
		return "Completed", importFinished
	case harrier.ScanImported:
		return "Completed", importFinished
	case harrier.ScanStopped, harrier.ScanAborted:
		if sc.Useful() {
			return "Partial", importFinished
		}
	}
	return "Error", importNone
}

// resultItem is a scan result.
//
// Source: securitycenter-api.md, section 9.1.
type resultItem struct {
	ID                 string        `json:"id"`
	UUID               string        `json:"uuid"`
	Name               string        `json:"name"`
	Description        string        `json:"description"`
	Details            string        `json:"details"`
	Status             string        `json:"status"`
	ImportStatus       string        `json:"importStatus"`
	ImportStart        string        `json:"importStart"`
	ImportFinish       string        `json:"importFinish"`
	ImportDuration     string        `json:"importDuration"`
	Running            string        `json:"running"`
	ErrorDetails       string        `json:"errorDetails"`
	ImportErrorDetails string        `json:"importErrorDetails"`
	TotalIPs           string        `json:"totalIPs"`
	ScannedIPs         string        `json:"scannedIPs"`
	CompletedIPs       string        `json:"completedIPs"`
	CompletedChecks    string        `json:"completedChecks"`
	TotalChecks        string        `json:"totalChecks"`
	Start              string        `json:"startTime"`
	Finish             string        `json:"finishTime"`
	Created            string        `json:"createdTime"`
	Duration           string        `json:"scanDuration"`
	Diagnostic         string        `json:"diagnosticAvailable"`
	Download           string        `json:"downloadAvailable"`
	DownloadFormat     string        `json:"downloadFormat"`
	DataFormat         string        `json:"dataFormat"`
	ResultType         string        `json:"resultType"`
	ResultSource       string        `json:"resultSource"`
	ResultsSync        string        `json:"resultsSyncID"`
	JobID              string        `json:"jobID"`
	AgentScan          string        `json:"agentScanUUID"`
	AgentContainer     string        `json:"agentScanContainerUUID"`
	SyncStatus         string        `json:"ioSyncStatus"`
	SyncError          string        `json:"ioSyncErrorDetails"`
	Progress           any           `json:"progress"` // [] when there is none
	Initiator          any           `json:"initiator"`
	Owner              userRef       `json:"owner"`
	OwnerGroup         ref           `json:"ownerGroup"`
	Repository         repositoryRef `json:"repository"`
	Scan               any           `json:"scan"`
	Policy             ref           `json:"policy"`
	CanUse             string        `json:"canUse"`
	CanManage          string        `json:"canManage"`
}

func (a api) newResult(ctx context.Context, by harrier.Actor, s harrier.Site, sc harrier.Scan) (resultItem, error) {
	status, imported := statusOf(sc)
	level := a.Sites.Level(by, s)
	people := a.people(ctx)
	checks := max(len(sc.Plan.Checks)*sc.HostsTotal, sc.Coverage.Planned)
	w := resultItem{
		ID: sid(sc.ID), UUID: suuid(sc.UUID), Name: sc.Name, Description: s.Description, Details: detailsOf(s, sc), Status: status, ImportStatus: imported,
		ImportStart: "-1", ImportFinish: "-1", ImportDuration: "-1", Running: sbool(!sc.Status.Ended()),
		TotalIPs: sid(sc.HostsTotal), ScannedIPs: sid(sc.HostsDone), CompletedIPs: sid(sc.HostsDone),
		CompletedChecks: sid(min(sc.Coverage.Planned, checks)), TotalChecks: sid(checks), Start: stime(sc.Started), Finish: stime(sc.Ended), Created: stime(sc.Created),
		Duration: "-1", Diagnostic: sbool(false), Download: sbool(sc.Status.Ended()), DownloadFormat: "v2", DataFormat: dataFormat, ResultType: "active",
		ResultSource: "internal", ResultsSync: "-1", JobID: sid(sc.ID), SyncStatus: "Not Synced", Progress: []any{}, Initiator: people.ref(sc.Owner), Owner: people.ref(sc.Owner),
		OwnerGroup: a.groups(ctx, by).owner(sc.Owner), Scan: noRef, Policy: ref{sid(sc.PolicyID), sc.PolicyName, ""}, CanUse: sbool(level >= harrier.MayView), CanManage: sbool(level >= harrier.MayConfigure),
	}
	if sc.Scheduled {
		w.Initiator = noRef
	}
	if isListed(s) || s.Options.Given[givenOnce] != "" && !sc.Status.Ended() {
		w.Scan = ref{sid(s.ID), s.Name, s.Description}
	}
	if sc.Status == harrier.ScanImported {
		w.ResultSource = "external"
	}
	if sc.Status.Ended() {
		w.Duration = sid(int64(sc.Ended.Sub(sc.Started) / time.Second))
		if imported == importFinished {
			w.ImportStart, w.ImportFinish, w.ImportDuration = stime(sc.Ended), stime(sc.Ended), "0"
		}
		if status != "Completed" {
			w.ErrorDetails = sc.Reason
		}
	}
	var err error
	w.Repository, err = a.repositoryOf(ctx, by, sc.Repository)
	return w, err
}

// defaultWindow is how far back results are listed when nothing is said.
//
// Source: securitycenter-api.md, trap 35.
const defaultWindow = 30 * 24 * time.Hour

func (a api) listResults(ctx context.Context, by harrier.Actor, q *query) (any, error) {
	from, err := q.number("startTime", a.Now().Add(-defaultWindow).Unix())
	if err != nil {
		return nil, err
	}
	to, err := q.number("endTime", 1<<40)
	if err != nil {
		return nil, err
	}
	compare := cmp.Or(q.param("timeCompareField"), "createdTime")
	if compare != "createdTime" && compare != "finishTime" {
		return nil, harrier.Errorf(harrier.Invalid, "The value '%s' for 'timeCompareField' is invalid (valid values: createdTime, finishTime).", cut(compare, 40))
	}
	running, completed := q.filter("running"), q.filter("completed")
	var usable, manageable []resultItem
	err = a.eachResult(ctx, by, func(s harrier.Site, sc harrier.Scan) error {
		at := sc.Created
		if compare == "finishTime" {
			at = sc.Ended
		}
		if at.Unix() < from || at.Unix() > to || running && !completed && sc.Status.Ended() || completed && !running && !sc.Status.Ended() {
			return nil
		}
		item, err := a.newResult(ctx, by, s, sc)
		if err != nil {
			return err
		}
		usable = append(usable, item)
		if a.Sites.Level(by, s) >= harrier.MayConfigure {
			manageable = append(manageable, item)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	byID := func(x, y resultItem) int { return cmp.Compare(idOf(x.ID), idOf(y.ID)) }
	slices.SortFunc(usable, byID)
	slices.SortFunc(manageable, byID)
	return lists(by, q, usable, manageable, q.fields("id", "name", "description", "status"), "id", "uuid")
}

// eachResult calls do for every run that by may see.
func (a api) eachResult(ctx context.Context, by harrier.Actor, do func(harrier.Site, harrier.Scan) error) error {
	sites, err := a.Sites.Sites(ctx, by)
	if err != nil {
		return err
	}
	for _, s := range sites {
		runs, err := a.Scans.Of(ctx, by, s.ID)
		if err != nil {
			return err
		}
		for _, sc := range runs {
			if err := do(s, sc); err != nil {
				return err
			}
		}
	}
	return nil
}

// result finds a run with its site.
func (a api) result(ctx context.Context, by harrier.Actor, q *query, verb string) (harrier.Site, harrier.Scan, error) {
	sc, err := a.Scans.Scan(ctx, by, q.id())
	if err != nil {
		return harrier.Site{}, sc, missing(err, "Scan Result", q.path("id"), verb)
	}
	s, err := a.Sites.Site(ctx, by, sc.Site)
	return s, sc, missing(err, "Scan Result", q.path("id"), verb)
}

func (a api) getResult(ctx context.Context, by harrier.Actor, q *query) (any, error) {
	s, sc, err := a.result(ctx, by, q, "get")
	if err != nil {
		return nil, err
	}
	item, err := a.newResult(ctx, by, s, sc)
	if err != nil {
		return nil, err
	}
	fields := q.fields()
	if sc.Status != harrier.ScanImported && (len(fields) == 0 || slices.Contains(fields, "progress")) {
		if item.Progress, err = a.progress(ctx, by, sc); err != nil {
			return nil, err
		}
	}
	return pick(item, fields, "id", "uuid"), nil
}

// commandResult pauses or resumes. The answer is the result as it was before.
//
// Source: securitycenter-api.md, section 9.2.
func (a api) commandResult(c harrier.Command) handler {
	return func(ctx context.Context, by harrier.Actor, q *query) (any, error) {
		s, sc, err := a.result(ctx, by, q, string(c))
		if err != nil {
			return nil, err
		}
		if err := a.Scans.Command(ctx, by, sc.ID, c); err != nil {
			return nil, err
		}
		return a.newResult(ctx, by, s, sc)
	}
}

func (a api) stopResult(ctx context.Context, by harrier.Actor, q *query) (any, error) {
	word := q.param("type")
	if word == "" {
		return a.commandResult(harrier.Stop)(ctx, by, q)
	}
	as, known := unfinished[word]
	if !known {
		return nil, harrier.Errorf(harrier.Invalid, "The value '%s' for 'type' is invalid (valid values: %s).", cut(word, 40), strings.Join(timeoutActions, ", "))
	}
	s, sc, err := a.result(ctx, by, q, string(harrier.Stop))
	if err != nil {
		return nil, err
	}
	if err := a.Scans.StopAs(ctx, by, sc.ID, as); err != nil {
		return nil, err
	}
	return a.newResult(ctx, by, s, sc)
}

// deleteResult removes a run; findings stay. What was kept for its runs alone
// goes with the last of them.
func (a api) deleteResult(ctx context.Context, by harrier.Actor, q *query) (any, error) {
	s, sc, err := a.result(ctx, by, q, "delete")
	if err != nil {
		return nil, err
	}
	if err := a.Scans.Delete(ctx, by, sc.ID); err != nil {
		return nil, err
	}
	if isListed(s) || a.Sites.Level(by, s) < harrier.Owns {
		return nil, nil
	}
	left, err := a.Scans.Of(ctx, by, s.ID)
	if err != nil || len(left) > 0 {
		return nil, err
	}
	return nil, a.Sites.Delete(ctx, by, s.ID)
}

// copyResult lets other users see a result.
func (a api) copyResult(ctx context.Context, by harrier.Actor, q *query) (any, error) {
	var r struct {
		Users givens `json:"users"`
	}
	if err := q.body(&r); err != nil {
		return nil, err
	}
	s, _, err := a.result(ctx, by, q, "copy")
	if err != nil {
		return nil, err
	}
	if a.Sites.Level(by, s) < harrier.Owns {
		return nil, notAllowed("you may not share the results of %q", s.Name)
	}
	for _, id := range r.Users.ids() {
		if !slices.ContainsFunc(s.Grants, func(g harrier.Grant) bool { return g.User == id }) {
			if id == 0 {
				return nil, harrier.Errorf(harrier.Invalid, "User #0 does not exist.")
			}
			s.Grants = append(slices.Clone(s.Grants), harrier.Grant{User: id, Level: harrier.MayView})
		}
	}
	return nil, a.Sites.Update(ctx, by, &s)
}

// mailResult sends what a run has brought. Where nothing can be sent it says so:
// that fails no request.
func (a api) mailResult(ctx context.Context, by harrier.Actor, q *query) (any, error) {
	_, sc, err := a.result(ctx, by, q, "email")
	if err != nil {
		return nil, err
	}
	if !strings.Contains(q.param("email"), "@") {
		return nil, harrier.Errorf(harrier.Invalid, "The 'email' parameter is required.")
	}
	err = a.Scans.MailTo(ctx, by, sc.ID, q.param("email"))
	if harrier.KindOf(err) != harrier.Unavailable {
		return nil, err
	}
	return remarked{message: "The mail was not sent: no mail server is set up."}, nil
}

// reimportResult has little to do: what a run observed is folded into findings
// as it comes, once, and again changes nothing. Hosts that it found silent are
// judged by the age that is given now.
func (a api) reimportResult(ctx context.Context, by harrier.Actor, q *query) (any, error) {
	var r scanRequest
	if err := q.body(&r); err != nil {
		return nil, err
	}
	if err := r.options(map[string]string{}); err != nil {
		return nil, err
	}
	_, sc, err := a.result(ctx, by, q, "import")
	if err != nil {
		return nil, err
	}
	if !sc.Status.Ended() {
		return nil, harrier.Errorf(harrier.Invalid, "Unable to import Scan Result #%d.\nIt is not finished.", sc.ID)
	}
	var age *time.Duration
	if r.MitigatedAge != nil {
		days := time.Duration(*r.MitigatedAge) * oneDay
		age = &days
	}
	_, err = a.Scans.Reimport(ctx, by, sc.ID, age)
	return nil, err
}

// progress is how far a run is.
//
// Source: securitycenter-api.md, section 9.1.
type progress struct {
	CompletedIPs    string `json:"completedIPs"`
	CompletedChecks string `json:"completedChecks"`
	TotalChecks     string `json:"totalChecks"`
	ChecksPerHost   string `json:"checksPerHost"`
	TotalIPs        string `json:"totalIPs"`
	RunState        string `json:"runState"`
	Status          string `json:"status"`
	progressLists
	Scanners []progressScanner `json:"scanners"`
}

type progressLists struct {
	ScanningIPs     string `json:"scanningIPs"`
	ScannedIPs      string `json:"scannedIPs"`
	DeadIPs         string `json:"deadHostIPs"`
	AwaitingIPs     string `json:"awaitingDownloadIPs"`
	ScanningSize    int    `json:"scanningSize"`
	ScannedSize     int    `json:"scannedSize"`
	DeadSize        int    `json:"deadHostSize"`
	AwaitingSize    int    `json:"awaitingDownloadSize"`
	DistributedSize int    `json:"distributedSize"`
}

type progressScanner struct {
	ref
	LoadAvg         string     `json:"loadAvg"`
	ChunkCompleted  string     `json:"chunkCompleted"`
	CompletedChecks string     `json:"completedChecks"`
	Chunks          []struct{} `json:"chunks"`
	progressLists
}

func (a api) progress(ctx context.Context, by harrier.Actor, sc harrier.Scan) (progress, error) {
	status, _ := statusOf(sc)
	checks := len(sc.Plan.Checks)
	w := progress{
		CompletedIPs: sid(sc.HostsDone), CompletedChecks: sid(min(sc.Coverage.Planned, checks*sc.HostsTotal)), TotalChecks: sid(checks * sc.HostsTotal),
		ChecksPerHost: sid(checks), TotalIPs: sid(sc.HostsTotal), RunState: "Running", Status: status,
	}
	switch {
	case sc.Status.Ended():
		w.RunState = "Stopped"
	case sc.Status == harrier.ScanPaused:
		w.RunState = "Paused"
	}
	hosts, err := a.Scans.Hosts(ctx, by, sc.ID)
	if err != nil {
		return w, err
	}
	var scanning, scanned, dead []string
	for _, h := range hosts {
		at := cmp.Or(addrText(h.Addr), h.Name)
		switch {
		case !h.Done && !sc.Status.Ended():
			scanning = append(scanning, at)
		case h.Alive:
			scanned = append(scanned, at)
		default:
			dead = append(dead, at)
			w.DeadSize++
		}
	}
	spans, err := a.Scans.Dead(ctx, by, sc.ID)
	if err != nil {
		return w, err
	}
	for _, s := range spans {
		dead = append(dead, s.Target.String())
		w.DeadSize += s.Count
	}
	w.ScanningIPs, w.ScannedIPs, w.DeadIPs = strings.Join(scanning, ","), strings.Join(scanned, ","), strings.Join(dead, ",")
	w.ScanningSize, w.ScannedSize, w.DistributedSize = len(scanning), len(scanned), sc.HostsTotal
	w.Scanners = []progressScanner{{
		ref: theScanner, LoadAvg: "0.0", ChunkCompleted: strconv.Itoa(sc.HostsDone), CompletedChecks: w.CompletedChecks, Chunks: []struct{}{}, progressLists: w.progressLists,
	}}
	return w, nil
}

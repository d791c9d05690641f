package nexpose

import (
	"cmp"
	"context"
	"crypto/sha256"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/harrier-scan/harrier"
)

// scanWord is the state of a scan as this API names it. A scan that is about to
// pause, resume or stop still is in the state before: clients take any other
// word than running for the end.
//
// Source: sections 4.8 and 13.2.
func scanWord(sc harrier.Scan) string {
	switch sc.Status {
	case harrier.ScanQueued:
		return "dispatched"
	case harrier.ScanRunning, harrier.ScanPausing, harrier.ScanStopping:
		return "running"
	case harrier.ScanPaused, harrier.ScanResuming:
		return "paused"
	case harrier.ScanCompleted, harrier.ScanImported:
		return "finished"
	case harrier.ScanStopped:
		return "stopped"
	case harrier.ScanAborted:
		return "aborted"
	default:
		return "unknown"
	}
}

// scanSum is a ScanSummary.
//
// Source: section 4.7.
type scanSum struct {
	harrier.Scan
	engine harrier.ID
	found  []scanFound
	dead   int
}

// scanFound counts check results of one status and severity.
type scanFound struct {
	status   string
	severity int
	count    int
}

// scanSums makes the summaries of scans, with what was found after the
// exceptions.
func (a *api) scanSums(ctx context.Context, by harrier.Actor, scans []harrier.Scan) ([]scanSum, error) {
	engines, err := a.engines(ctx, by)
	if err != nil {
		return nil, err
	}
	sites, err := a.Sites.Sites(ctx, by)
	if err != nil {
		return nil, err
	}
	rules, err := a.Scans.RulesInForce(ctx)
	if err != nil {
		return nil, err
	}
	out := make([]scanSum, 0, len(scans))
	for _, sc := range scans {
		s := scanSum{Scan: sc, engine: engines.Local(), dead: max(0, sc.HostsDone-sc.HostsAlive)}
		if i := slices.IndexFunc(sites, func(s harrier.Site) bool { return s.ID == sc.Site }); i >= 0 {
			s.engine = cmp.Or(engines.Ran(sites[i], sc), s.engine)
		}
		if s.found, err = a.scanFound(ctx, by, sc, rules); err != nil {
			return nil, err
		}
		out = append(out, s)
	}
	return out, nil
}

// foundCache keeps what was found in scans that have ended: a history of a
// site asks for all of them each time.
type foundCache struct {
	mu   sync.Mutex
	kept map[foundKey][]scanFound
}

// foundKey names a state of a scan as somebody sees it: the exceptions that hold
// change what it shows.
type foundKey struct {
	scan, user harrier.ID
	modified   time.Time
	present    harrier.Counts
	rules      [sha256.Size]byte
}

// maxFound bounds the cache, in scans.
const maxFound = 4096

// scanFound counts the vulnerabilities that a scan has found, by status and
// severity: facts, which are no vulnerabilities, are left out.
func (a *api) scanFound(ctx context.Context, by harrier.Actor, sc harrier.Scan, rules [sha256.Size]byte) ([]scanFound, error) {
	k := foundKey{sc.ID, by.User, sc.Modified, sc.Present, rules}
	a.found.mu.Lock()
	have, ok := a.found.kept[k]
	a.found.mu.Unlock()
	keep := sc.Status.Ended() && !by.Narrow() // who sees a part may see another one tomorrow
	if ok && keep {
		return have, nil
	}
	counts := map[scanFound]int{}
	for h, err := range a.Scans.Results(ctx, by, sc.ID) {
		if err != nil {
			return nil, err
		}
		for _, o := range h.Observations {
			if o.Severity == harrier.Info {
				continue
			}
			v, _ := a.Vulns.Lookup(o.Vulnerability)
			counts[scanFound{status: foundStatus(o.Observation), severity: v.SeverityScoreAs(o.Severity)}]++
		}
	}
	var found []scanFound
	for f, n := range counts {
		f.count = n
		found = append(found, f)
	}
	slices.SortFunc(found, func(a, b scanFound) int {
		return cmp.Or(cmp.Compare(a.status, b.status), cmp.Compare(a.severity, b.severity))
	})
	if keep {
		a.found.mu.Lock()
		if a.found.kept == nil || len(a.found.kept) >= maxFound {
			a.found.kept = map[foundKey][]scanFound{}
		}
		a.found.kept[k] = found
		a.found.mu.Unlock()
	}
	return found, nil
}

// foundStatus says how a vulnerability was told: by what the target did, by a
// version that is told certainly, or by one that can be wrong.
//
// Source: sections 4.7 and 13.1.
func foundStatus(o harrier.Observation) string {
	switch {
	case o.Certainty != harrier.Certain:
		return "vuln-potential"
	case o.Vulnerability.OfContent():
		return "vuln-version"
	default:
		return "vuln-exploit"
	}
}

// write writes a summary; capital names are those of version 1.2.
func (s scanSum) write(o *out, capital bool) {
	message, tasks, nodes, vulnerabilities := "message", "tasks", "nodes", "vulnerabilities"
	if capital {
		message, tasks, nodes, vulnerabilities = "Message", "TaskSummary", "NodeSummary", "VulnerabilitySummary"
	}
	o.start("ScanSummary", "scan-id", ident(s.ID), "site-id", ident(s.Site), "engine-id", ident(s.engine), "name", s.Name, "startTime", stamp(s.Started))
	if s.Status.Ended() {
		o.attr("endTime", stamp(cmp.Or(s.Ended, s.Modified)))
	}
	o.attr("status", scanWord(s.Scan))
	if s.Reason != "" {
		o.leaf(message, s.Reason)
	}
	pending, active := max(0, s.HostsTotal-s.HostsDone), 0
	if !s.Status.Ended() && s.Status.Sending() && s.Status != harrier.ScanQueued {
		active = min(pending, 1) // how many more engines have in hand is not told
		pending -= active
	}
	o.empty(tasks, "pending", number(pending), "active", number(active), "completed", number(s.HostsDone))
	o.empty(nodes, "live", number(s.HostsAlive), "dead", number(s.dead), "filtered", number(s.Forbidden), "unresolved", "0", "other",
		number(max(0, s.HostsTotal-s.HostsDone)))
	for _, f := range s.found {
		o.empty(vulnerabilities, "status", f.status, "severity", number(f.severity), "count", number(f.count))
	}
	rest := map[string]int{"not-vuln-exploit": s.Coverage.Clean, "not-vuln-version": 0, "error": s.Coverage.Failed, "disabled": s.Coverage.Skipped, "other": 0}
	for _, status := range slices.Sorted(maps.Keys(rest)) {
		o.empty(vulnerabilities, "status", status, "count", number(rest[status]))
	}
	o.end()
}

package securitycenter

import (
	"context"
	"encoding/json"
	"hash/crc32"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/dialect/kit"
	"github.com/harrier-scan/harrier/internal/scan"
)

const oneDay = 24 * time.Hour

// unfinished are the words of timeoutAction.
var unfinished = map[string]harrier.Unfinished{"discard": harrier.DiscardResults, "import": harrier.KeepResults, "rollover": harrier.RollOver}

// termsOf translates what a scan says of its results. Silence is no proof of a
// fix for a remediation scan, which looks at one plugin: it closes findings of
// hosts that answered only.
//
// Source: securitycenter-api.md, sections 8.1 and 28.
func termsOf(given map[string]string) (harrier.Terms, error) {
	t := harrier.Terms{
		Unfinished: unfinished[given[givenTimeout]], TrackMoved: given[givenDHCP] == "true", VirtualHosts: given[givenVirtual] == "true",
		MailLaunch: given[givenMailOn] == "true", MailEnd: given[givenMailEnd] == "true",
	}
	if given[givenRollover] == "nextDay" {
		t.Rollover = harrier.RolloverNextDay
	}
	if given[givenPlugin] == "" {
		days, err := strconv.Atoi(given[givenAge])
		if err != nil {
			days = 0
		}
		age := harrier.Duration(time.Duration(days) * oneDay)
		t.Silence = &age
	}
	if seconds, err := strconv.Atoi(given[givenSilence]); err == nil {
		t.Inactivity = harrier.Duration(time.Duration(seconds) * time.Second)
	}
	var err error
	t.Reports, err = reportsOf(rawList(given[givenReports]))
	return t, err
}

// reportSources are what a report after a scan is made of.
var reportSources = []string{"", "cumulative", "patched", "individual", "lce", "archive", "mobile"}

// reportsOf reads the reports that a scan asks for.
func reportsOf(raw json.RawMessage) ([]harrier.ReportRequest, error) {
	var list []struct {
		ID     given    `json:"id"`
		Source kit.Text `json:"reportSource"`
	}
	if err := json.Unmarshal(raw, &list); err != nil {
		return nil, harrier.Errorf(harrier.Invalid, "The 'reports' parameter must be a list.")
	}
	var out []harrier.ReportRequest
	for _, r := range list {
		if r.ID <= 0 || !slices.Contains(reportSources, string(r.Source)) {
			return nil, harrier.Errorf(harrier.Invalid, "The 'reports' parameter must be a list of 'id' and 'reportSource'.")
		}
		out = append(out, harrier.ReportRequest{Definition: harrier.ID(r.ID), Source: string(r.Source)})
	}
	return out, nil
}

// keptOf is what this dialect keeps of a site. A site for the rest of another
// scan has that one's, without what it says of when and of what it was made.
func keptOf(s harrier.Site) map[string]string {
	if s.Options.RolloverOf == 0 {
		return s.Options.Given
	}
	kept := cloneMap(s.Options.Given)
	for _, name := range []string{givenOnce, givenGone, givenExternal, givenURLs} {
		delete(kept, name)
	}
	kept[givenKind] = rolloverKind
	return kept
}

// urlHosts are the hosts of a list of addresses of web applications.
func urlHosts(list string) ([]string, error) {
	var out []string
	for text := range strings.FieldsFuncSeq(list, func(c rune) bool { return strings.ContainsRune(", \t\r\n;", c) }) {
		u, err := url.Parse(text)
		if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" {
			return nil, harrier.Errorf(harrier.Invalid, "The value for 'urlList' is invalid: '%s' is no http or https address.", cut(text, 80))
		}
		if _, err := harrier.ParseTargets(u.Hostname()); err != nil {
			return nil, harrier.Errorf(harrier.Invalid, "The value for 'urlList' is invalid: %s.", strings.TrimSuffix(harrier.MessageOf(err), "."))
		}
		if !slices.Contains(out, u.Hostname()) {
			out = append(out, u.Hostname())
		}
	}
	return out, nil
}

// zoneNumber is the number of the zone that a pool of engines is: the same for
// good, since it is made from its name.
func zoneNumber(pool string) given {
	if pool == "" || pool == harrier.LocalPool {
		return localZone
	}
	return given(crc32.ChecksumIEEE([]byte(pool))>>1 | 1<<16)
}

func zoneRef(pool string) ref {
	if n := zoneNumber(pool); n != localZone {
		return ref{sid(harrier.ID(n)), pool, "The engines of pool " + pool + "."}
	}
	return theZone
}

// pools lists the engines of each pool, the names of the pools in order; the
// console's own comes first.
func (a api) pools(ctx context.Context) (map[string][]harrier.Engine, []string, error) {
	engines, err := a.Fleet.Engines(ctx, harrier.System)
	if err != nil {
		return nil, nil, err
	}
	pools, err := a.Fleet.Pools(ctx, harrier.System)
	if err != nil {
		return nil, nil, err
	}
	of, names := map[string][]harrier.Engine{harrier.LocalPool: nil}, []string{}
	for _, e := range engines {
		if !e.Remote() {
			of[harrier.LocalPool] = append(of[harrier.LocalPool], e)
		}
	}
	for _, p := range pools {
		for _, e := range engines {
			if slices.Contains(p.Members, e.ID) {
				of[p.Name] = append(of[p.Name], e)
			}
		}
		if p.Name != harrier.LocalPool {
			names = append(names, p.Name)
		}
	}
	slices.Sort(names)
	return of, append([]string{harrier.LocalPool}, names...), nil
}

// zone chooses the engines of a scan: those of a zone, or by its targets, which
// is the console's own unless a zone is there for all of them.
func (r scanRequest) zone(ctx context.Context, a api, by harrier.Actor, s *harrier.Site) error {
	if r.Zone == nil {
		return nil
	}
	if *r.Zone == -1 || *r.Zone == 0 {
		s.Pool, s.Engine = "", 0
		return nil
	}
	if *r.Zone == localZone {
		s.Pool, s.Engine = harrier.LocalPool, 0
		return nil
	}
	pools, err := a.Fleet.Pools(ctx, harrier.System)
	if err != nil {
		return err
	}
	for _, p := range pools {
		if p.Name != harrier.LocalPool && zoneOf(p).ID == sid(harrier.ID(*r.Zone)) && servedBy(p, by) {
			s.Pool, s.Engine = p.Name, 0
			return nil
		}
	}
	return harrier.Errorf(harrier.Invalid, "Scan Zone #%d does not exist.", *r.Zone)
}

// runningWord says what a scan does that runs.
//
// Source: securitycenter-api.md, section 9.3.
func runningWord(sc harrier.Scan) string {
	if sc.HostsDone > 0 || sc.HostsAlive > 0 {
		return "Running"
	}
	if sc.Engine == "" {
		if scan.WaitsForEngine(sc) {
			return "Initializing Scanners"
		}
		return "Preparing"
	}
	targets, err := harrier.ParseTargets(sc.Targets)
	if err == nil && slices.ContainsFunc(targets, func(t harrier.Target) bool { return t.Name != "" && !t.First.IsValid() }) {
		return "Resolving Hostnames"
	}
	return "Verifying Targets"
}

// importWord says how far the results of a scan that goes on are folded into
// findings: as they come, unless they are held back.
func importWord(sc harrier.Scan) string {
	switch {
	case sc.HostsAlive == 0:
		return importNone
	case sc.Held:
		return "Import Pending"
	case sc.HostsDone >= sc.HostsTotal && sc.HostsTotal > 0, sc.Status == harrier.ScanStopping:
		return "Importing"
	}
	return importNone
}

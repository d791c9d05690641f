package console

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/check"
	"github.com/harrier-scan/harrier/internal/check/all"
	"github.com/harrier-scan/harrier/internal/stage/assess"
	"github.com/harrier-scan/harrier/internal/surface"
	"github.com/harrier-scan/harrier/internal/webtech"
)

// webChecks are the checks of a plan that surveys make of the web servers of own
// names: those that send something, to any web server, with TLS or without. The
// rest of what is told of servers is judged by the pages.
func webChecks(plan harrier.Plan) []check.Check {
	run, _ := assess.Planned(all.Checks(), plan.Planned(nil), plan.Settings, nil)
	return slices.DeleteFunc(run, func(c check.Check) bool {
		return c.Quiet || c.HostLevel || c.GuessLogin || c.Applies == nil || !c.Applies(webService(80, false)) || !c.Applies(webService(443, true))
	})
}

func webService(port uint16, tls bool) harrier.Service {
	return harrier.Service{Endpoint: harrier.Endpoint{Protocol: harrier.TCP, Port: port}, Name: "http", TLS: tls}
}

// numbersOf are those of checks.
func numbersOf(list []check.Check) []harrier.VulnID {
	ids := make([]harrier.VulnID, len(list))
	for i, c := range list {
		ids[i] = c.ID
	}
	return ids
}

// The bounds of the look at one server.
const (
	examCheck = time.Minute // for one check
	examFails = 2           // checks that could not tell, one after the other: it is left alone then
)

// examiner makes checks of web servers under their names.
func examiner(checks []check.Check, set harrier.Settings) func(context.Context, surface.WebServer) surface.Exam {
	return func(ctx context.Context, w surface.WebServer) (out surface.Exam) {
		service := webService(w.At.Port(), w.TLS)
		service.Technologies = w.Technologies
		t := check.Target{
			Addr: w.At.Addr(), Host: harrier.Host{Name: w.Name, FQDN: w.Name, Addr: w.At.Addr()}, Service: service, Services: []harrier.Service{service},
			Name: w.Name, Dial: w.Dial, Settings: set,
		}
		failed := 0
		for _, c := range checks {
			o, err := assess.Run(ctx, c, t, examCheck)
			switch {
			case err != nil:
				return out
			case o.Outcome == harrier.Failed:
				if failed++; failed == examFails {
					return out
				}
				continue
			case o.Observation != nil:
				out.Found = append(out.Found, *o.Observation)
			}
			failed = 0
			out.Looked = append(out.Looked, c.ID)
		}
		return out
	}
}

// madeOf tells what a page is made of, by the rules of package webtech.
func madeOf(a surface.WebAnswer) []harrier.Technology {
	r := &webtech.Reply{Path: a.Path, Status: a.Status, Body: a.Body[:min(len(a.Body), webtech.MaxBody)]}
	for _, name := range slices.Sorted(maps.Keys(a.Header)) {
		for _, value := range a.Header[name] {
			r.Header = append(r.Header, [2]string{name, value})
		}
	}
	look := webtech.Own().Look()
	look.See(webtech.Examine(r))
	return look.Technologies()
}

// Package assess runs active checks against what was found on a host and says
// how each one ended.
package assess

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/check"
)

// Outcome is how one check ended at one place.
type Outcome struct {
	harrier.Done
	Observation *harrier.Observation // of a vulnerable one
}

// LoginsOf are those of a type.
func LoginsOf(all []harrier.Login, kind string) []harrier.Login {
	var out []harrier.Login
	for _, l := range all {
		if kind != "" && l.Credential.Type == kind {
			out = append(out, l)
		}
	}
	return out
}

// Planned sorts the checks of a plan by what the settings permit and the logins
// allow. Refused holds an outcome for each that must not run, for the host as a
// whole.
func Planned(checks []check.Check, planned *harrier.IDs, s harrier.Settings, logins []harrier.Login) (run []check.Check, refused []harrier.Done) {
	for _, c := range checks {
		if !planned.Has(c.ID) {
			continue
		}
		if ok, reason := c.Allowed(s); !ok {
			refused = append(refused, harrier.Done{Check: c.ID, Outcome: harrier.Skipped, Reason: reason})
			continue
		}
		if c.Login != "" && len(LoginsOf(logins, c.Login)) == 0 {
			refused = append(refused, harrier.Done{Check: c.ID, Outcome: harrier.Skipped, Reason: harrier.NoLoginsFor(c.Login)})
			continue
		}
		run = append(run, c)
	}
	return run, refused
}

// ForService are those of the checks that have something to ask the service.
func ForService(checks []check.Check, s harrier.Service) []check.Check {
	var out []check.Check
	for _, c := range checks {
		if !c.HostLevel && c.Applies != nil && c.Applies(s) {
			out = append(out, c)
		}
	}
	return out
}

// ForHost are those of the checks that run once for a host with the services.
func ForHost(checks []check.Check, services []harrier.Service) []check.Check {
	var out []check.Check
	for _, c := range checks {
		applies := c.Applies == nil
		for i := 0; !applies && i < len(services); i++ {
			applies = c.Applies(services[i])
		}
		if c.HostLevel && applies {
			out = append(out, c)
		}
	}
	return out
}

// maxEvidence is the most that is kept of a check's evidence.
const maxEvidence = 64 << 10

// Run runs c against t within the limit. The check's panics, errors and silence
// end as Failed with the reason: they say nothing about the target. The error is
// ctx's, when that ended first and there is no outcome.
func Run(ctx context.Context, c check.Check, t check.Target, limit time.Duration) (Outcome, error) {
	out := Outcome{Done: harrier.Done{Check: c.ID, Endpoint: t.Service.Endpoint}}
	within, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	verdict, evidence, err := guarded(within, c, t)
	switch {
	case err != nil && ctx.Err() != nil:
		return out, ctx.Err()
	case errors.Is(within.Err(), context.DeadlineExceeded) && verdict == harrier.Unknown:
		out.Outcome, out.Reason = harrier.Failed, fmt.Sprintf("no verdict within %v", limit)
	case err != nil:
		out.Outcome, out.Reason = harrier.Failed, reason(err)
	case verdict == harrier.Present:
		out.Outcome = harrier.Vulnerable
		out.Observation = &harrier.Observation{
			Vulnerability: c.ID, Endpoint: t.Service.Endpoint, Service: t.Service.Name,
			Evidence: shorten(evidence, maxEvidence), Certainty: harrier.Certain, Source: "active", At: t.At(),
		}
	case verdict == harrier.Absent:
		out.Outcome = harrier.Clean
	default:
		out.Outcome, out.Reason = harrier.Failed, "the check could not tell"
	}
	return out, nil
}

// guarded calls the check and turns its panic into an error.
func guarded(ctx context.Context, c check.Check, t check.Target) (v harrier.Verdict, evidence string, err error) {
	defer func() {
		if p := recover(); p != nil {
			v, evidence, err = harrier.Unknown, "", fmt.Errorf("the check has a fault: %v", p)
		}
	}()
	return c.Run(ctx, t)
}

// reason is the text of err, fit for the record.
func reason(err error) string {
	return shorten(strings.ToValidUTF8(err.Error(), "?"), 200)
}

// shorten cuts s to at most n bytes, between characters.
func shorten(s string, n int) string {
	if len(s) <= n {
		return s
	}
	return strings.ToValidUTF8(s[:n], "")
}

package securitycenter

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"github.com/harrier-scan/harrier"
)

// logRow is a line of the audit log.
//
// Source: section 11.7.
type logRow struct {
	Date         string      `json:"date"`
	Initiator    personRef   `json:"initiator"`
	Module       string      `json:"module"`
	Severity     severityRef `json:"severity"`
	Message      string      `json:"message"`
	Raw          string      `json:"rawLog"`
	Organization ref         `json:"organization"`

	at time.Time
}

// logAnswer is an answer with "skip", which clients of the log look at.
type logAnswer struct {
	analysisAnswer
	Skip map[string]string `json:"skip"`
}

// maxLog is how much of the audit log is looked at.
const maxLog = 10_000

// logSeverities are how grave a line is.
var logSeverities = [...]severityRef{{"0", "INFO", "Informational message"}, {"1", "WARNING", "Warning message"}, {"2", "CRITICAL", "Critical message"}}

// logSeverity is that of an action: what was refused is a warning.
func logSeverity(action string) severityRef {
	if strings.HasSuffix(action, ".refused") || strings.HasSuffix(action, ".locked") || strings.HasSuffix(action, ".failed") {
		return logSeverities[1]
	}
	return logSeverities[0]
}

// logModule is what an action is about: "user" of "user.create".
func logModule(action string) string {
	module, _, _ := strings.Cut(action, ".")
	if module == "session" {
		return "auth"
	}
	return module
}

// logAnalysis answers about the audit log, newest first. "date" picks a month;
// "skip" names the months that there are.
func (a api) logAnalysis(ctx context.Context, by harrier.Actor, in analysisQuery) (any, error) {
	keeps, err := a.logFilter(ctx, by, in)
	if err != nil {
		return nil, err
	}
	entries, err := a.Identity.Audit(ctx, by, maxLog)
	if err != nil {
		return nil, err
	}
	people, err := a.Identity.People(ctx)
	if err != nil {
		return nil, err
	}
	byName := map[string]harrier.User{}
	for _, u := range people {
		byName[u.Name] = u
	}
	months := map[string]string{}
	var list []logRow
	for _, e := range entries {
		months[e.At.UTC().Format("200601")] = "false"
		text := strings.TrimSpace(e.Action + " " + e.Object + " " + e.Detail)
		row := logRow{
			Date: stime(e.At), Initiator: personRef{ID: "-1", Username: e.Actor}, Module: logModule(e.Action), Severity: logSeverity(e.Action),
			Message: text, Raw: text + " (via " + cmp.Or(e.Via, "system") + ")", Organization: ref{ID: "0"}, at: e.At,
		}
		if u, ok := byName[e.Actor]; ok {
			row.Initiator = personRef(newUserRef(u))
			row.Organization.ID = sid(by.OwnOrganization(u.ID))
		}
		if keeps(row) {
			list = append(list, row)
		}
	}
	if strings.EqualFold(in.sort, "date") && !in.desc {
		slices.Reverse(list)
	}
	out := rows{matching: "-1", total: len(list)}
	for _, row := range list {
		out.list = append(out.list, row)
	}
	return logAnswer{in.answer((&asked{in: in}).slice(out)), months}, nil
}

// logFilters are the filters of the log.
const logFilters = "date, initiator, keywords, module, organization, severity"

// logFilter reads the filters of a question about the log. All must hold.
func (a api) logFilter(ctx context.Context, by harrier.Actor, in analysisQuery) (func(logRow) bool, error) {
	var all []func(logRow) bool
	if in.date != "" && in.date != "all" {
		keeps, err := logMonth(in.date)
		if err != nil {
			return nil, err
		}
		all = append(all, keeps)
	}
	for _, f := range in.filters {
		if f.Name == "wasVuln" { // a client library adds it to whatever it asks
			continue
		}
		t := term{reading: a.reading(ctx, by, ""), name: f.Name, op: cmp.Or(strings.TrimSpace(f.Operator), "="), value: f.Value}
		keeps, err := logCondition(t)
		if err != nil {
			return nil, err
		}
		switch t.op {
		case "=", "~=":
		case "!=":
			holds := keeps
			keeps = func(r logRow) bool { return !holds(r) }
		default:
			return nil, fault(codeInvalid, 0, "The operator '%s' is invalid for Filter '%s' (valid operators: = != ~=)", cut(t.op, 16), t.name)
		}
		all = append(all, keeps)
	}
	return func(r logRow) bool {
		for _, keeps := range all {
			if !keeps(r) {
				return false
			}
		}
		return true
	}, nil
}

func logCondition(t term) (func(logRow) bool, error) {
	list, err := t.items()
	if err != nil {
		return nil, err
	}
	has := func(values ...string) bool {
		return slices.ContainsFunc(list, func(s string) bool {
			return slices.ContainsFunc(values, func(v string) bool { return strings.EqualFold(s, v) })
		})
	}
	switch t.name {
	case "date":
		text, err := t.text()
		if err != nil {
			return nil, err
		}
		if text == "all" {
			return func(logRow) bool { return true }, nil
		}
		if keeps, err := logMonth(text); err == nil {
			return keeps, nil
		}
		s, err := t.span()
		return func(r logRow) bool { return !r.at.Before(s.from) && (s.to.IsZero() || r.at.Before(s.to)) }, err
	case "initiator":
		return func(r logRow) bool { return has(r.Initiator.ID, r.Initiator.Username) }, nil
	case "module":
		return func(r logRow) bool { return has(r.Module) }, nil
	case "severity":
		return func(r logRow) bool { return has(r.Severity.ID, r.Severity.Name) }, nil
	case "organization":
		return func(r logRow) bool { return has(r.Organization.ID) }, nil
	case "keywords":
		text, err := t.text()
		words := strings.Fields(strings.ToLower(text))
		return func(r logRow) bool {
			line := strings.ToLower(r.Initiator.Username + " " + r.Raw)
			return !slices.ContainsFunc(words, func(w string) bool { return !strings.Contains(line, w) })
		}, err
	}
	return nil, fault(codeInvalid, 0, "The filter '%s' is invalid (valid filters: %s)", cut(t.name, 64), logFilters)
}

// logMonth reads "202605".
func logMonth(text string) (func(logRow) bool, error) {
	first, err := time.Parse("200601", text)
	if err != nil {
		return nil, fault(codeInvalid, 0, "The date '%s' is invalid (all, YYYYMM).", cut(text, 32))
	}
	next := first.AddDate(0, 1, 0)
	return func(r logRow) bool { return !r.at.Before(first) && r.at.Before(next) }, nil
}

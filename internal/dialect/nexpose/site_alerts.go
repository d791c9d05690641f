package nexpose

import (
	"context"
	"net"
	"slices"
	"strconv"
	"strings"

	"github.com/harrier-scan/harrier"
)

// scanEvents are the attributes of a scanFilter and the events that they stand
// for.
//
// Source: section 3.7.
var scanEvents = []struct {
	name  string
	event harrier.EventKind
}{
	{"scanStart", harrier.ScanLaunched},
	{"scanStop", harrier.ScanEnded},
	{"scanFailed", harrier.ScanFailed},
	{"scanPaused", harrier.ScanHeld},
	{"scanResumed", harrier.ScanGoesOn},
}

// What this API keeps of an alert, by name in harrier.Alert.Given.
const (
	alertThreshold = ownField + "severityThreshold"
	alertSender    = ownField + "sender"
	alertServer    = ownField + "server"
	alertLimit     = ownField + "limitText"
)

// readAlert reads an Alert element of a site's document, in its form of today
// and the one before 2013.
func readAlert(e *element) (harrier.Alert, error) {
	al := harrier.Alert{Name: strings.TrimSpace(e.attr("name")), Given: map[string]string{}}
	on, err := e.bool("enabled", false)
	if err != nil {
		return al, err
	}
	al.Disabled = !on
	most, err := e.number("maxAlerts", -1)
	if err != nil {
		return al, err
	}
	if most >= 0 {
		al.Filter.PerScan = &most
	}
	scans := e.child("scanFilter")
	for _, f := range scanEvents {
		on, err := scans.bool(f.name, false)
		if err != nil {
			return al, err
		}
		if on {
			al.Events = append(al.Events, f.event)
		}
	}
	var way *element
	for _, c := range e.children {
		switch c.key {
		case "smtpalert", "snmpalert", "syslogalert":
			if way != nil {
				return al, harrier.Invalidf("Alert", "%q has more than one way to be told", clip(al.Name))
			}
			way = c
		}
	}
	vulns := e.child("vulnFilter")
	if vulns == nil {
		vulns = way.child("vulnFilter")
	}
	threshold, err := vulns.number("severityThreshold", 1)
	if err != nil {
		return al, err
	}
	if vulns.attr("severityThreshold") != "" && (threshold < 1 || threshold > 10) {
		return al, harrier.Invalidf("severityThreshold", "%d is not between 1 and 10", threshold)
	}
	al.Filter.Severity, al.Given[alertThreshold] = harrier.SeverityOfNumber(threshold), strconv.Itoa(threshold)
	for _, f := range []struct {
		name string
		not  *bool
	}{{"confirmed", &al.Filter.NoConfirmed}, {"unconfirmed", &al.Filter.NoUnconfirmed}, {"potential", &al.Filter.NoPotential}} {
		on, err := vulns.bool(f.name, true)
		if err != nil {
			return al, err
		}
		*f.not = !on
	}
	if vulns != nil && !(al.Filter.NoConfirmed && al.Filter.NoUnconfirmed && al.Filter.NoPotential) {
		al.Events = append(al.Events, harrier.FindingsNew)
	}
	if len(al.Events) == 0 {
		al.Disabled = true // it would never act
		al.Events = []harrier.EventKind{harrier.ScanEnded}
		al.Given[ownField+"never"] = "1"
	}
	return al, readAlertWay(&al, way)
}

func readAlertWay(al *harrier.Alert, e *element) error {
	if e == nil {
		return harrier.Invalidf("Alert", "%q does not say how it is told", clip(al.Name))
	}
	al.Given[alertServer] = e.attr("server")
	at := func(port string) string { return net.JoinHostPort(e.attr("server"), port) }
	var c harrier.AlertAction
	switch e.key {
	case "smtpalert":
		c.Kind = harrier.SendMail
		for _, r := range e.all("recipient") {
			if r.content() != "" {
				c.To = append(c.To, r.content())
			}
		}
		brief, err := e.bool("limitText", false)
		if err != nil {
			return err
		}
		c.Results = !brief
		al.Given[alertSender], al.Given[alertLimit] = e.attr("sender"), digit(brief)
	case "snmpalert":
		c.Kind, c.Secret, c.Address = harrier.SendTrap, e.attr("community"), at(orText(e.attr("port"), "162"))
	default:
		c.Kind, c.Address = harrier.SendSyslog, at(orText(e.attr("port"), "514"))
	}
	al.Actions = []harrier.AlertAction{c}
	return nil
}

func orText(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}

// siteAlerts are the alerts about a site that by may see, by rising ID.
func (a *api) siteAlerts(ctx context.Context, by harrier.Actor, site harrier.ID) ([]harrier.Alert, error) {
	list, err := a.Alerts.Alerts(ctx, by)
	return slices.DeleteFunc(list, func(al harrier.Alert) bool { return al.Site != site || len(al.Events) == 0 || alertKind(al) == "" }), err
}

// alertKind is how an alert is told, as far as this API can say it: "" for
// others.
func alertKind(al harrier.Alert) string {
	if len(al.Actions) != 1 {
		return ""
	}
	return map[harrier.ActionKind]string{harrier.SendMail: "SMTP", harrier.SendTrap: "SNMP", harrier.SendSyslog: "Syslog"}[al.Actions[0].Kind]
}

// checkAlerts answers Invalid for alerts that could not be stored.
func checkAlerts(list []harrier.Alert) error {
	seen := map[string]bool{}
	for i := range list {
		name := strings.ToLower(list[i].Name)
		if seen[name] {
			return harrier.Invalidf("Alert", "two are named %q", clip(list[i].Name))
		}
		seen[name] = true
		if err := list[i].Check(); err != nil {
			return err
		}
	}
	return nil
}

// saveAlerts makes list the alerts of a site. One with the name of another takes
// its place.
func (a *api) saveAlerts(ctx context.Context, by harrier.Actor, site harrier.ID, list []harrier.Alert) error {
	have, err := a.siteAlerts(ctx, by, site)
	if err != nil {
		return err
	}
	for _, al := range list {
		al.Site = site
		i := slices.IndexFunc(have, func(h harrier.Alert) bool { return strings.EqualFold(h.Name, al.Name) })
		if i < 0 {
			if err := a.Alerts.CreateAlert(ctx, by, &al); err != nil {
				return err
			}
			continue
		}
		al.ID = have[i].ID
		if al.Actions[0].Kind == have[i].Actions[0].Kind {
			al.Actions[0].ID = have[i].Actions[0].ID
		}
		have = slices.Delete(have, i, i+1)
		if err := a.Alerts.UpdateAlert(ctx, by, &al); err != nil {
			return err
		}
	}
	for _, h := range have {
		if err := a.Alerts.DeleteAlert(ctx, by, h.ID); err != nil {
			return err
		}
	}
	return nil
}

// threshold is the number of a filter's severity.
func threshold(al harrier.Alert) string {
	n, err := strconv.Atoi(al.Given[alertThreshold])
	if err != nil || harrier.SeverityOfNumber(n) != al.Filter.Severity {
		n = [harrier.Severities]int{1, 2, 4, 7, 9}[min(al.Filter.Severity, harrier.Critical)]
	}
	return strconv.Itoa(n)
}

// most is how often an alert tells of a scan at most; -1 for always.
func most(al harrier.Alert) int {
	if al.Filter.PerScan == nil {
		return -1
	}
	return *al.Filter.PerScan
}

func listens(al harrier.Alert, e harrier.EventKind) bool {
	return al.Given[ownField+"never"] == "" && slices.Contains(al.Events, e)
}

func writeAlert(o *out, al harrier.Alert) {
	o.start("Alert", "name", al.Name, "enabled", digit(!al.Disabled), "maxAlerts", strconv.Itoa(most(al)))
	o.start("scanFilter")
	for _, f := range scanEvents {
		o.attr(f.name, digit(listens(al, f.event)))
	}
	o.end()
	found := listens(al, harrier.FindingsNew)
	o.empty("vulnFilter", "severityThreshold", threshold(al), "confirmed", digit(found && !al.Filter.NoConfirmed),
		"unconfirmed", digit(found && !al.Filter.NoUnconfirmed), "potential", digit(found && !al.Filter.NoPotential))
	c := al.Actions[0]
	host, port, _ := net.SplitHostPort(c.Address)
	switch c.Kind {
	case harrier.SendMail:
		o.start("smtpAlert", "sender", al.Given[alertSender], "server", al.Given[alertServer], "port", "25", "limitText", digit(!c.Results))
		for _, to := range c.To {
			o.leaf("recipient", to)
		}
		o.end()
	case harrier.SendTrap:
		o.empty("snmpAlert", "community", "", "server", host, "port", port)
	default:
		o.empty("syslogAlert", "server", host, "port", port)
	}
	o.end()
}

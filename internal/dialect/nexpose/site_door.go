package nexpose

import (
	"cmp"
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/dialect/kit"
)

// siteDoors are the site configurations as JSON: the Site document in other
// clothes, read and written by the same code.
//
// Source: section 14.2.
func (a *api) siteDoors(m *kit.Mux) {
	const path = "/api/2.1/site_configurations"
	m.Handle("POST "+path, a.door(a.postSite))
	m.Handle("GET "+path+"/{id}", a.door(a.getSite))
	m.Handle("PUT "+path+"/{id}", a.door(a.putSite))
	m.Handle("GET /api/2.1/sites/{id}/credentials/{credential}", a.door(a.getCredential))
	m.Handle("GET "+path+"/{id}/alerts", a.door(a.getAlerts))
	m.Handle("PUT "+path+"/{id}/alerts", a.door(a.putAlert))
	m.Handle("GET "+path+"/{id}/alerts/{alert}", a.door(a.getAlert))
	m.Handle("DELETE "+path+"/{id}/alerts/{alert}", a.door(a.deleteAlert))
}

// door makes a handler of a function for those who have signed in.
func (a *api) door(do func(http.ResponseWriter, *http.Request, harrier.Actor) error) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		by, err := a.who(r)
		if err == nil {
			err = do(w, r, by)
		}
		if err != nil {
			if harrier.KindOf(err) == harrier.Internal {
				a.Log.ErrorContext(r.Context(), "request failed", "path", r.URL.Path, "err", err)
			}
			a.failSide(w, r, err)
		}
	})
}

func doorID(r *http.Request, name string) (harrier.ID, error) {
	n, err := strconv.ParseInt(r.PathValue(name), 10, 64)
	if err != nil {
		return 0, harrier.Errorf(harrier.NotFound, "no %s %q", name, clip(r.PathValue(name)))
	}
	return harrier.ID(n), nil
}

func writeDoor(w http.ResponseWriter, v any) error {
	body, err := kit.Marshal(v)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/json;charset=UTF-8")
	_, _ = w.Write(body) // a client that has gone gets nothing
	return nil
}

func writeText(w http.ResponseWriter, status int, text string) error {
	w.Header().Set("Content-Type", "text/plain;charset=UTF-8")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, text) // likewise
	return nil
}

// readDoor reads a JSON object, whatever type it says it is.
func readDoor(r *http.Request) (map[string]any, error) {
	body, err := readBody(r)
	if err != nil {
		return nil, err
	}
	var out map[string]any
	d := json.NewDecoder(strings.NewReader(string(body)))
	d.UseNumber()
	if err := d.Decode(&out); err != nil || out == nil {
		return nil, harrier.Errorf(harrier.Invalid, "the body is no JSON object").Because(err)
	}
	return out, nil
}

func (a *api) postSite(w http.ResponseWriter, r *http.Request, by harrier.Actor) error {
	o, err := readDoor(r)
	if err != nil {
		return err
	}
	if err := checkServed(o); err != nil {
		return err
	}
	id, err := a.saveSite(r.Context(), by, siteElement(o, siteDoc{}))
	if err != nil {
		return err
	}
	return writeText(w, http.StatusCreated, ident(id))
}

// putSite stores a site as the object has it. A credential with the id of one
// that the site has keeps the secrets that the object does not bring.
func (a *api) putSite(w http.ResponseWriter, r *http.Request, by harrier.Actor) error {
	id, err := doorID(r, "id")
	if err != nil {
		return err
	}
	o, err := readDoor(r)
	if err != nil {
		return err
	}
	old, err := a.loadSite(r.Context(), by, id)
	if err != nil {
		return err
	}
	if err := checkServed(o); err != nil {
		return err
	}
	if _, err = a.saveSite(r.Context(), by, siteElement(o, old)); err != nil {
		return err
	}
	return writeText(w, http.StatusOK, ident(id))
}

func (a *api) getSite(w http.ResponseWriter, r *http.Request, by harrier.Actor) error {
	id, err := doorID(r, "id")
	if err != nil {
		return err
	}
	d, err := a.loadSite(r.Context(), by, id)
	if err != nil {
		return err
	}
	return writeDoor(w, d.json())
}

// text is a value of a JSON object as an attribute says it.
func text(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return v
	case json.Number:
		return v.String()
	case bool:
		return digit(v)
	default:
		return ""
	}
}

func object(v any) map[string]any {
	o, _ := v.(map[string]any)
	return o
}

func objects(v any) []any {
	l, _ := v.([]any)
	return l
}

// made makes an element of names and values in turn.
func made(name string, attrs ...string) *element {
	e := &element{name: name, key: key(name)}
	for i := 0; i+1 < len(attrs); i += 2 {
		e.attrs = append(e.attrs, attribute{key(attrs[i]), attrs[i+1]})
	}
	return e
}

func (e *element) with(children ...*element) *element {
	e.children = append(e.children, children...)
	return e
}

// organizationKeys are the keys of an organization in the order of
// organizationAttrs.
var organizationKeys = []string{
	"name", "url", "primary_contact", "job_title", "email", "telephone", "address", "city", "state", "country", "zip",
}

// scheduleKeys are the keys of a schedule, and of its repetition, by attribute.
var (
	scheduleKeys = map[string]string{
		"enabled": "enabled", "template": "scan_template_id", "maxduration": "maximum_scan_duration", "start": "start_date",
		"notvalidafter": "not_valid_after_date", "timezone": "time_zone", "next-run-time": "next_run_time",
	}
	repeatKeys = map[string]string{
		"type": "type", "interval": "interval", "repeatertype": "on_repeat", "is-extended": "is_extended", "hour": "hour", "minute": "minute",
		"date": "date", "day": "day", "occurrence": "occurrence", "start-month": "start_month",
	}
)

// unserved are the lists of a site object that nothing here does: one that is
// not empty is refused, so that nobody believes that it does something.
var unserved = []string{"shared_credentials", "web_credentials", "blackouts"}

func checkServed(o map[string]any) error {
	for _, name := range unserved {
		if len(objects(o[name])) > 0 {
			return harrier.Invalidf(name, "are not served here; web credentials are given by SiteSave")
		}
	}
	for _, name := range []string{"included_scan_targets", "excluded_scan_targets"} {
		if len(objects(object(o[name])["asset_groups"])) > 0 {
			return harrier.Invalidf(name, "can not be asset groups")
		}
	}
	for _, name := range []string{"search_criteria", "discovery_config"} {
		if len(object(o[name])) > 0 {
			return harrier.Invalidf(name, "there are no dynamic sites")
		}
	}
	for _, c := range objects(o["site_credentials"]) {
		if on, given := object(c)["enabled"].(bool); given && !on {
			return harrier.Invalidf("site_credentials", "those that are not enabled can not be kept")
		}
	}
	return nil
}

// siteElement makes the Site document of a JSON object. Old is the site as it
// is, the zero value for a new one.
func siteElement(o map[string]any, old siteDoc) *element {
	id := old.ID
	e := made("Site", "id", ident(id), "name", text(o["name"]), "description", text(o["description"]), "riskfactor", text(o["risk_factor"]))
	if org := object(o["organization"]); len(org) > 0 {
		el := made("Organization")
		for i, k := range organizationKeys {
			el.attrs = append(el.attrs, attribute{key(organizationAttrs[i]), text(org[k])})
		}
		e.with(el)
	}
	users := made("Users")
	for _, u := range objects(o["users"]) {
		n := text(u)
		if n == "" {
			n = text(object(u)["id"])
		}
		users.with(made("user", "id", n))
	}
	e.with(users)
	for name, k := range map[string]string{"Hosts": "included_scan_targets", "ExcludedHosts": "excluded_scan_targets"} {
		hosts := made(name)
		for _, h := range objects(object(o[k])["addresses"]) {
			host := made("host")
			if host.text = []byte(text(h)); len(host.text) == 0 { // the form of some clients
				from, to := text(object(h)["from"]), text(object(h)["to"])
				host = made("range", "from", from, "to", to)
			}
			hosts.with(host)
		}
		e.with(hosts)
	}
	credentials := made("Credentials")
	for _, c := range objects(o["site_credentials"]) {
		credentials.with(credentialElement(object(c), old))
	}
	e.with(credentials)
	alerts := made("Alerting")
	for _, al := range objects(o["alerts"]) {
		alerts.with(alertElement(object(al)))
	}
	e.with(alerts)
	schedules := made("Schedules")
	for _, s := range objects(o["schedules"]) {
		schedules.with(scheduleElement(object(s)))
	}
	e.with(made("ScanConfig", "name", text(o["configuration_name"]), "templateID", text(o["scan_template_id"]), "engineID", text(o["engine_id"])).with(schedules))
	if list, given := o["tags"].([]any); given {
		tags := made("Tags")
		for _, t := range list {
			tags.with(tagElement(object(t)))
		}
		e.with(tags)
	}
	return e
}

func scheduleElement(s map[string]any) *element {
	e := made("Schedule")
	repeat := object(s["repeat_scan"])
	for attr, k := range scheduleKeys {
		v := text(s[k])
		if k == "start_date" || k == "not_valid_after_date" {
			v = strings.NewReplacer(".", "", "Z", "").Replace(v) // 20141210T165822.412Z
		}
		e.attrs = append(e.attrs, attribute{attr, v})
	}
	for attr, k := range repeatKeys {
		v := text(repeat[k])
		if k == "on_repeat" {
			v = map[string]string{"restart-scan": "restart", "resume-scan": "continue"}[v]
		}
		e.attrs = append(e.attrs, attribute{attr, v})
	}
	return e
}

// basicTime is how the side doors write times, in UTC.
const basicTime = "20060102T150405.000Z"

// scheduleObject is a schedule in JSON.
func scheduleObject(at map[string]string, template string) map[string]any {
	stampOf := func(s string) any {
		t, ok := parseTime(s)
		if !ok {
			return nil
		}
		return t.UTC().Format(basicTime)
	}
	numeric := func(s string) any {
		if n, err := strconv.Atoi(s); err == nil {
			return n
		}
		if s == "" {
			return nil
		}
		return s
	}
	o := map[string]any{
		"enabled": at["enabled"] == "1", "scan_template_id": cmp.Or(at["template"], template), "maximum_scan_duration": numeric(at["maxduration"]),
		"start_date": stampOf(at["start"]), "not_valid_after_date": stampOf(at["notvalidafter"]), "time_zone": at["timezone"],
		"next_run_time": stampOf(at["next-run-time"]), "repeat_scan": nil,
	}
	if at["interval"] == "" || at["interval"] == "0" {
		return o
	}
	extended, _ := kit.ParseBool(at["is-extended"])
	repeat := map[string]any{"on_repeat": "restart-scan", "is_extended": extended}
	if at["repeatertype"] == "continue" {
		repeat["on_repeat"] = "resume-scan"
	}
	for _, attr := range []string{"type", "interval", "hour", "minute", "date", "day", "occurrence", "start-month"} {
		repeat[repeatKeys[attr]] = numeric(at[attr])
	}
	o["repeat_scan"] = repeat
	return o
}

// json is the document as a JSON object. Empty objects are null: a client
// crashes on them.
func (d siteDoc) json() map[string]any {
	org := map[string]any{}
	for i, k := range organizationKeys {
		if org[k] = nil; d.org[key(organizationAttrs[i])] != "" {
			org[k] = d.org[key(organizationAttrs[i])]
		}
	}
	schedules, alerts, credentials, tags := []any{}, []any{}, []any{}, []any{}
	for _, at := range d.schedules {
		schedules = append(schedules, scheduleObject(at, d.template))
	}
	for _, al := range d.alerts {
		alerts = append(alerts, alertObject(al))
	}
	for _, c := range d.policy.Credentials {
		credentials = append(credentials, credentialObject(d.Site, c))
	}
	for _, t := range d.tags {
		tags = append(tags, tagObject(t))
	}
	users := d.users()
	if users == nil {
		users = []harrier.ID{}
	}
	risk, _ := strconv.ParseFloat(d.risk, 64)
	return map[string]any{
		"id": d.ID, "name": d.Name, "description": d.Description, "organization": org, "users": users, "version": 3, "tags": tags, "alerts": alerts,
		"url": nil, "search_criteria": nil, "scan_template_id": d.template, "engine_id": d.engine, "configuration_id": d.ID,
		"configuration_name": d.scanName(), "site_credentials": credentials, "shared_credentials": []any{}, "web_credentials": []any{},
		"risk_factor": risk, "auto_engine_selection_enabled": false, "discovery_config": nil, "schedules": schedules, "blackouts": []any{},
		"included_scan_targets": hostsObject(d.Targets), "excluded_scan_targets": hostsObject(d.Exclude),
	}
}

func hostsObject(list string) map[string]any {
	out := []string{}
	for _, t := range targetList(list) {
		if t.IsRange() && t.First != t.Last {
			out = append(out, t.First.String()+" - "+t.Last.String())
			continue
		}
		if t.IsRange() {
			out = append(out, t.First.String())
			continue
		}
		out = append(out, t.String())
	}
	return map[string]any{"addresses": out, "asset_groups": []any{}}
}

// alertKeys are the keys of the filters in JSON, by attribute.
var alertKeys = map[string]string{
	"scanStart": "start", "scanStop": "stop", "scanFailed": "fail", "scanPaused": "pause", "scanResumed": "resume",
	"severityThreshold": "severity", "confirmed": "confirmed", "unconfirmed": "unconfirmed", "potential": "potential",
}

func alertElement(o map[string]any) *element {
	e := made("Alert", "name", text(o["name"]), "enabled", text(o["enabled"]), "maxAlerts", text(o["max_alerts"]))
	scans, vulns := made("scanFilter"), made("vulnFilter")
	for attr, k := range alertKeys {
		for el, from := range map[*element]map[string]any{scans: object(o["scan_filter"]), vulns: object(o["vuln_filter"])} {
			v, ok := from[k]
			if !ok {
				v = from[attr]
			}
			if s := text(v); s != "" {
				el.attrs = append(el.attrs, attribute{key(attr), s})
			}
		}
	}
	e.with(scans)
	if len(object(o["vuln_filter"])) > 0 {
		e.with(vulns)
	}
	way := made(strings.ToLower(text(o["alert_type"]))+"Alert", "server", text(o["server"]), "sender", text(o["sender"]), "community", text(o["community"]), "port", text(o["port"]))
	if verbose, ok := o["verbose"].(bool); ok {
		way.attrs = append(way.attrs, attribute{"limittext", digit(!verbose)})
	}
	for _, to := range objects(o["recipients"]) {
		r := made("recipient")
		r.text = []byte(text(to))
		way.with(r)
	}
	return e.with(way)
}

func alertObject(al harrier.Alert) map[string]any {
	severity, _ := strconv.Atoi(threshold(al))
	scans := map[string]any{}
	for _, f := range scanEvents {
		scans[alertKeys[f.name]] = listens(al, f.event)
	}
	scans["failed"] = scans["fail"] // the gem writes the one and reads the other
	found := listens(al, harrier.FindingsNew)
	o := map[string]any{
		"id": al.ID, "alert_type": alertKind(al), "name": al.Name, "enabled": !al.Disabled, "max_alerts": most(al), "scan_filter": scans,
		"vuln_filter": map[string]any{
			"severity": severity, "confirmed": found && !al.Filter.NoConfirmed, "unconfirmed": found && !al.Filter.NoUnconfirmed,
			"potential": found && !al.Filter.NoPotential,
		},
	}
	host, _, err := net.SplitHostPort(al.Actions[0].Address)
	if o["server"] = host; err != nil {
		o["server"] = al.Given[alertServer]
	}
	if al.Actions[0].Kind == harrier.SendMail {
		o["sender"], o["recipients"], o["verbose"] = al.Given[alertSender], al.Actions[0].To, al.Actions[0].Results
	}
	if al.Actions[0].Kind == harrier.SendTrap {
		o["community"] = ""
	}
	return o
}

func (a *api) doorAlerts(ctx context.Context, by harrier.Actor, r *http.Request) (harrier.ID, []harrier.Alert, error) {
	id, err := doorID(r, "id")
	if err != nil {
		return 0, nil, err
	}
	if _, err := a.Sites.Site(ctx, by, id); err != nil {
		return 0, nil, err
	}
	list, err := a.siteAlerts(ctx, by, id)
	return id, list, err
}

func (a *api) getAlerts(w http.ResponseWriter, r *http.Request, by harrier.Actor) error {
	_, list, err := a.doorAlerts(r.Context(), by, r)
	if err != nil {
		return err
	}
	out := []any{}
	for _, al := range list {
		out = append(out, alertObject(al))
	}
	return writeDoor(w, out)
}

func (a *api) doorAlert(r *http.Request, by harrier.Actor) (harrier.Alert, error) {
	_, list, err := a.doorAlerts(r.Context(), by, r)
	if err != nil {
		return harrier.Alert{}, err
	}
	id, err := doorID(r, "alert")
	if err != nil {
		return harrier.Alert{}, err
	}
	for _, al := range list {
		if al.ID == id {
			return al, nil
		}
	}
	return harrier.Alert{}, harrier.Errorf(harrier.NotFound, "no alert %d", id)
}

func (a *api) getAlert(w http.ResponseWriter, r *http.Request, by harrier.Actor) error {
	al, err := a.doorAlert(r, by)
	if err != nil {
		return err
	}
	return writeDoor(w, alertObject(al))
}

func (a *api) deleteAlert(_ http.ResponseWriter, r *http.Request, by harrier.Actor) error {
	al, err := a.doorAlert(r, by)
	if err != nil {
		return err
	}
	return a.Alerts.DeleteAlert(r.Context(), by, al.ID)
}

func (a *api) putAlert(w http.ResponseWriter, r *http.Request, by harrier.Actor) error {
	site, list, err := a.doorAlerts(r.Context(), by, r)
	if err != nil {
		return err
	}
	o, err := readDoor(r)
	if err != nil {
		return err
	}
	al, err := readAlert(alertElement(o))
	if err != nil {
		return err
	}
	al.Site = site
	for _, have := range list {
		if text(o["id"]) == ident(have.ID) || strings.EqualFold(have.Name, al.Name) {
			al.ID = have.ID
			if have.Actions[0].Kind == al.Actions[0].Kind {
				al.Actions[0].ID = have.Actions[0].ID
			}
		}
	}
	if al.ID != 0 {
		err = a.Alerts.UpdateAlert(r.Context(), by, &al)
	} else {
		err = a.Alerts.CreateAlert(r.Context(), by, &al)
	}
	if err != nil {
		return err
	}
	return writeText(w, http.StatusOK, ident(al.ID))
}

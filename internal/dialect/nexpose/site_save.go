package nexpose

import (
	"cmp"
	"context"
	"maps"
	"strconv"
	"strings"

	"github.com/harrier-scan/harrier"
	words "github.com/harrier-scan/harrier/internal/dialect/nexposewords"
)

// saveSite stores a Site document over the site with its id, or as a new one,
// and returns the id: all of it or nothing.
//
// Source: section 3.3.
func (a *api) saveSite(ctx context.Context, by harrier.Actor, e *element) (id harrier.ID, err error) {
	err = a.Together(ctx, func(ctx context.Context) error {
		id, err = a.saveSiteParts(ctx, by, e)
		return err
	})
	return id, err
}

func (a *api) saveSiteParts(ctx context.Context, by harrier.Actor, e *element) (harrier.ID, error) {
	var old siteDoc
	if id, err := e.number("id", -1); err != nil {
		return 0, err
	} else if id > 0 {
		if old, err = a.loadSite(ctx, by, harrier.ID(id)); err != nil {
			return 0, err
		}
	}
	s := old.Site
	s.Options.Given = maps.Clone(s.Options.Given)
	if s.Options.Given == nil {
		s.Options.Given = map[string]string{}
	}
	if err := a.readSite(ctx, by, e, &s, old); err != nil {
		return 0, err
	}
	if err := a.freeSiteName(ctx, by, s); err != nil {
		return 0, err
	}
	var alerts []harrier.Alert
	for _, el := range e.child("Alerting").all("Alert") {
		al, err := readAlert(el)
		if err != nil {
			return 0, err
		}
		alerts = append(alerts, al)
	}
	if err := checkAlerts(alerts); err != nil {
		return 0, err
	}
	if err := a.storeSite(ctx, by, e, &s, old); err != nil {
		return 0, err
	}
	if err := a.setTags(ctx, by, harrier.OnSite, s.ID, e.child("Tags")); err != nil {
		return 0, err
	}
	return s.ID, a.saveAlerts(ctx, by, s.ID, alerts)
}

// freeSiteName answers Conflict when another site has the name.
func (a *api) freeSiteName(ctx context.Context, by harrier.Actor, s harrier.Site) error {
	all, err := a.Sites.Sites(ctx, by)
	if err != nil {
		return err
	}
	for _, o := range all {
		if o.ID != s.ID && o.Folder != harrier.Trash && strings.EqualFold(o.Name, s.Name) {
			return harrier.Errorf(harrier.Conflict, "there is a site named %q already", clip(o.Name))
		}
	}
	return nil
}

// readSite puts a document into s, but for the policy and the alerts.
func (a *api) readSite(ctx context.Context, by harrier.Actor, e *element, s *harrier.Site, old siteDoc) error {
	s.Name = strings.TrimSpace(e.attr("name"))
	s.Description = cmp.Or(e.child("Description").content(), e.attr("description"))
	risk, err := e.float("riskfactor", 1)
	if err != nil {
		return err
	}
	if risk < 0 {
		return harrier.Invalidf("riskfactor", "must not be negative")
	}
	hosts, err := readHosts(e.child("Hosts"))
	if err != nil {
		return err
	}
	s.Targets = sameTargets(s.Targets, hosts)
	if hosts, err = readHosts(e.child("ExcludedHosts")); err != nil {
		return err
	}
	s.Exclude = sameTargets(s.Exclude, hosts)
	if s.Grants, err = readUsers(e, s.Grants); err != nil {
		return err
	}
	given := s.Options.Given
	given[givenRisk] = float(risk)
	for name, from := range map[string]string{
		givenDynamic: e.attr("isDynamic"), givenDynamicType: e.attr("dynamicConfigType"), givenScanName: e.child("ScanConfig").attr("name"),
	} {
		if delete(given, name); from != "" {
			given[name] = from
		}
	}
	delete(given, givenOrganization)
	if org := e.child("Organization"); org != nil && len(attrsOf(org)) > 0 {
		given[givenOrganization] = toJSON(attrsOf(org))
	}
	if err := a.readEngine(ctx, by, e.child("ScanConfig"), s, old); err != nil {
		return err
	}
	return a.readSchedules(ctx, by, e.child("ScanConfig", "Schedules"), s)
}

// sameTargets is a list of hosts as text: the one of before when it says the
// same in other words.
func sameTargets(before string, hosts []string) string {
	text := strings.Join(hosts, ",")
	if text != "" && before != "" && targetList(before).String() == targetList(text).String() {
		return before
	}
	return text
}

// readEngine puts the engine or the pool of a document into s.
func (a *api) readEngine(ctx context.Context, by harrier.Actor, e *element, s *harrier.Site, old siteDoc) error {
	id, err := e.number("engineID", 0)
	if err != nil {
		return err
	}
	if old.ID != 0 && harrier.ID(id) == old.engine {
		return nil // as it is
	}
	engines, err := a.engines(ctx, by)
	if err != nil {
		return err
	}
	if id <= 0 {
		s.Engine, s.Pool = 0, ""
		return nil
	}
	if err := engines.Bind(s, harrier.ID(id)); err != nil {
		return harrier.Invalidf("engineID", "there is no engine %d", id)
	}
	return nil
}

// readSchedules puts the schedules of a document into s: the first without a
// template and a limit of its own is the schedule that all doors show, the
// others are further ones. Single runs of parts of the site stay.
func (a *api) readSchedules(ctx context.Context, by harrier.Actor, e *element, s *harrier.Site) error {
	after := s.Schedule.After
	s.Schedule = harrier.Schedule{}
	var further []harrier.FurtherRun
	for _, run := range s.Options.Further {
		if run.Targets != "" {
			further = append(further, run)
		}
	}
	var given []map[string]string
	for _, el := range e.all("Schedule") {
		at := attrsOf(el)
		run, err := a.readSchedule(ctx, by, at, false)
		if err != nil {
			return err
		}
		if run.Schedule.Start == "" {
			continue
		}
		delete(at, "next-run-time")
		at["="] = scheduleKey(run)
		given = append(given, at)
		if run.Variant == nil && run.MaxDuration == 0 && s.Schedule.Start == "" {
			s.Schedule = run.Schedule
			continue
		}
		further = append(further, run)
	}
	if len(given) == 0 {
		s.Schedule.After = after // which this API can neither show nor take away
	}
	if s.Options.Further = further; after != 0 && len(given) == 0 {
		s.Schedule.Enabled = true
	}
	delete(s.Options.Given, givenSchedules)
	if len(given) > 0 {
		s.Options.Given[givenSchedules] = toJSON(given)
	}
	return nil
}

// storeSite stores s with the policy that its template and its credentials make.
func (a *api) storeSite(ctx context.Context, by harrier.Actor, e *element, s *harrier.Site, old siteDoc) error {
	template := strings.TrimSpace(e.child("ScanConfig").attr("templateID"))
	switch {
	case template == "" && old.ID != 0:
		template = old.template
	case template == "":
		template = words.DefaultTemplate
	}
	variant, template, err := words.Variant(ctx, a.Policies, by, template)
	if err != nil {
		return err
	}
	s.Options.Given[givenTemplate] = template
	var credentials []harrier.Credential
	for _, el := range e.child("Credentials").all("adminCredentials") {
		c, err := readCredential(el, *s, old.policy.Credentials)
		if err != nil {
			return err
		}
		credentials = append(credentials, c)
	}
	if number, listed := strings.CutPrefix(template, words.PolicyTemplate); listed && (len(credentials) == 0 || old.ID != 0 && template == old.template && !old.policy.Hidden) {
		return a.storeListed(ctx, by, s, old, number)
	}
	p := harrier.Policy{Name: variant.Name, Template: variant.Template, Settings: variant.Settings, Checks: variant.Checks, Hidden: true}
	if old.ID != 0 && old.policy.Hidden {
		p.ID = old.policy.ID
		p.Preferences, p.Grants, p.Description = old.policy.Preferences, old.policy.Grants, old.policy.Description
		if template == old.template { // what other doors made of it stays
			p = old.policy
		}
	}
	if p.Credentials = credentials; old.ID == 0 {
		return a.Sites.CreateWith(ctx, by, s, &p)
	}
	return a.Sites.UpdateWith(ctx, by, s, &p)
}

// storeListed stores a site that scans by a listed policy.
func (a *api) storeListed(ctx context.Context, by harrier.Actor, s *harrier.Site, old siteDoc, number string) error {
	n, err := strconv.ParseInt(number, 10, 64)
	if err != nil {
		return harrier.Invalidf("templateID", "there is no policy %q", clip(number))
	}
	if s.Policy = harrier.ID(n); old.ID == 0 {
		return a.Sites.Create(ctx, by, s)
	}
	if err := a.Sites.Update(ctx, by, s); err != nil || !old.policy.Hidden {
		return err
	}
	return a.Policies.Delete(ctx, by, old.policy.ID)
}

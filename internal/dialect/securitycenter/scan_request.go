package securitycenter

import (
	"cmp"
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/dialect/kit"
)

// scanRequest is the body of POST /scan; in PATCH only what is given changes.
// Keys without a field are ignored: clients send whole objects back.
//
// Source: securitycenter-api.md, section 8.1; the names with underscores are
// those that a client library sends as it has them.
type scanRequest struct {
	Name         *kit.Text        `json:"name"`
	Description  *kit.Text        `json:"description"`
	Type         *kit.Text        `json:"type"`
	Policy       given            `json:"policy"`
	PluginID     given            `json:"pluginID"`
	Plugin       given            `json:"plugin"`
	PluginAlias  given            `json:"plugin_id"`
	Repository   given            `json:"repository"`
	Zone         *given           `json:"zone"`
	IPList       *kit.Text        `json:"ipList"`
	Assets       *givens          `json:"assets"`
	Credentials  *givens          `json:"credentials"`
	Schedule     *scheduleRequest `json:"schedule"`
	ScheduleType *kit.Text        `json:"schedule_type"`
	DHCP         *kit.Bool        `json:"dhcpTracking"`
	MitigatedAge *kit.Int         `json:"classifyMitigatedAge"`
	MailOnLaunch *kit.Bool        `json:"emailOnLaunch"`
	MailOnFinish *kit.Bool        `json:"emailOnFinish"`
	Timeout      *kit.Text        `json:"timeoutAction"`
	Rollover     *kit.Text        `json:"rolloverType"`
	VirtualHosts *kit.Bool        `json:"scanningVirtualHosts"`
	MaxTime      *kit.Text        `json:"maxScanTime"`
	Inactivity   *kit.Int         `json:"inactivityTimeout"`
	URLs         *kit.Text        `json:"urlList"`
	Reports      json.RawMessage  `json:"reports"`
	PolicyPrefs  *policyPrefs     `json:"policyPrefs"`
}

// policyPrefs are preferences that a scan sets over its policy's.
type policyPrefs []struct {
	Name  kit.Text `json:"name"`
	Value kit.Text `json:"value"`
}

// plugin is the plugin that a request names, 0 for none.
func (r scanRequest) plugin() harrier.ID {
	for _, g := range []given{r.PluginID, r.Plugin, r.PluginAlias} {
		if g > 0 {
			return harrier.ID(g)
		}
	}
	return 0
}

// require refuses a new scan without what each must have.
func (r scanRequest) require() error {
	switch {
	case r.Name == nil || strings.TrimSpace(string(*r.Name)) == "":
		return harrier.Errorf(harrier.Invalid, "The 'name' parameter is required.")
	case r.Repository <= 0:
		return harrier.Errorf(harrier.Invalid, "The 'repository' parameter is required.")
	case (r.IPList == nil || isBlank(string(*r.IPList))) && (r.Assets == nil || len(*r.Assets) == 0) && (r.URLs == nil || isBlank(string(*r.URLs))):
		return harrier.Errorf(harrier.Invalid, "A scan needs a target: one of 'assets' and 'ipList' is required.")
	case r.Timeout != nil && string(*r.Timeout) == "rollover" && (r.Rollover == nil || *r.Rollover == ""):
		return harrier.Errorf(harrier.Invalid, "The 'rolloverType' parameter is required when 'timeoutAction' is 'rollover'.")
	}
	return nil
}

func isBlank(list string) bool { return strings.Trim(list, ", \t\r\n") == "" }

// unlimited is the maxScanTime of a scan without a limit.
const unlimited = "unlimited"

var (
	mitigatedAges  = []kit.Int{0, 1, 2, 3, 4, 5, 6, 30, 60, 90, 365}
	timeoutActions = []string{"discard", "import", "rollover"}
	rolloverTypes  = []string{"nextDay", "template"}
)

// apply puts what is given into s, but for the policy. It answers Invalid.
func (r scanRequest) apply(ctx context.Context, a api, by harrier.Actor, s *harrier.Site) error {
	if r.Name != nil {
		s.Name = strings.TrimSpace(string(*r.Name))
	}
	if r.Description != nil {
		s.Description = string(*r.Description)
	}
	if r.Repository > 0 {
		s.Repository = harrier.ID(r.Repository)
		if _, err := a.repositoryRef(ctx, by, s.Repository); err != nil {
			return err
		}
	}
	before := s.Options.Given[givenReports]
	if err := r.options(s.Options.Given); err != nil {
		return err
	}
	if err := a.checkReports(ctx, by, s.Options.Given[givenReports], before); err != nil {
		return err
	}
	if r.MaxTime != nil {
		limit, err := maxDuration(string(*r.MaxTime))
		if err != nil {
			return err
		}
		s.Options.MaxDuration = harrier.Duration(limit)
		s.Options.Given[givenMaxTime] = string(*r.MaxTime)
	}
	if err := r.targets(ctx, a, by, s); err != nil {
		return err
	}
	if err := r.zone(ctx, a, by, s); err != nil {
		return err
	}
	return r.schedule(ctx, a, by, s)
}

// options puts what is kept as it was said into given.
func (r scanRequest) options(given map[string]string) error {
	for _, f := range []struct {
		name  string
		value *kit.Bool
	}{{givenDHCP, r.DHCP}, {givenMailOn, r.MailOnLaunch}, {givenMailEnd, r.MailOnFinish}, {givenVirtual, r.VirtualHosts}} {
		if f.value != nil {
			given[f.name] = sbool(bool(*f.value))
		}
	}
	if r.MitigatedAge != nil {
		if !slices.Contains(mitigatedAges, *r.MitigatedAge) {
			return harrier.Errorf(harrier.Invalid, "The value '%d' for 'classifyMitigatedAge' is invalid (valid values: 0, 1, 2, 3, 4, 5, 6, 30, 60, 90, 365).", *r.MitigatedAge)
		}
		given[givenAge] = strconv.Itoa(int(*r.MitigatedAge))
	}
	if r.Timeout != nil && *r.Timeout != "" {
		if !slices.Contains(timeoutActions, string(*r.Timeout)) {
			return harrier.Errorf(harrier.Invalid, "The value '%s' for 'timeoutAction' is invalid (valid values: %s).", *r.Timeout, strings.Join(timeoutActions, ", "))
		}
		given[givenTimeout] = string(*r.Timeout)
	}
	if r.Rollover != nil && *r.Rollover != "" {
		i := slices.IndexFunc(rolloverTypes, func(t string) bool { return strings.EqualFold(t, string(*r.Rollover)) })
		if i < 0 {
			return harrier.Errorf(harrier.Invalid, "The value '%s' for 'rolloverType' is invalid (valid values: %s).", *r.Rollover, strings.Join(rolloverTypes, ", "))
		}
		given[givenRollover] = rolloverTypes[i]
	}
	if r.Inactivity != nil {
		if *r.Inactivity < 3600 || *r.Inactivity > 432_000 {
			return harrier.Errorf(harrier.Invalid, "The value '%d' for 'inactivityTimeout' is not between 3600 and 432000.", *r.Inactivity)
		}
		given[givenSilence] = strconv.Itoa(int(*r.Inactivity))
	}
	if len(r.Reports) > 0 {
		if _, err := reportsOf(r.Reports); err != nil {
			return err
		}
		given[givenReports] = string(r.Reports)
	}
	if r.PolicyPrefs != nil {
		list := []map[string]string{}
		for _, p := range *r.PolicyPrefs {
			list = append(list, map[string]string{"name": string(p.Name), "value": string(p.Value)})
		}
		text, err := json.Marshal(list)
		if err != nil {
			return err
		}
		given[givenPrefs] = string(text)
	}
	return nil
}

// checkReports answers Invalid for a report that a scan asks for, and did not
// before, without a definition that by may use.
func (a api) checkReports(ctx context.Context, by harrier.Actor, now, before string) error {
	asked, err := reportsOf(rawList(now))
	if err != nil || now == before {
		return err
	}
	old, err := reportsOf(rawList(before))
	if err != nil {
		return err
	}
	for _, q := range asked {
		if slices.ContainsFunc(old, func(o harrier.ReportRequest) bool { return o.Definition == q.Definition }) {
			continue
		}
		if _, err := a.Reports.Definition(ctx, by, q.Definition); harrier.KindOf(err) == harrier.NotFound && err != nil {
			return harrier.Errorf(harrier.Invalid, "%s #%d does not exist.", reportDefinitionNoun, q.Definition)
		} else if err != nil {
			return err
		}
	}
	return nil
}

// maxDuration reads a limit: a number from 3600 on counts seconds, a smaller one
// hours.
//
// Source: securitycenter-api.md, section 8.1.
func maxDuration(text string) (time.Duration, error) {
	text = strings.TrimSpace(text)
	if text == "" || strings.EqualFold(text, unlimited) {
		return 0, nil
	}
	n, err := strconv.ParseInt(text, 10, 32)
	switch {
	case err != nil || n < -1:
		return 0, harrier.Errorf(harrier.Invalid, "The value '%s' for 'maxScanTime' is neither a number nor 'unlimited'.", cut(text, 40))
	case n <= 0:
		return 0, nil
	case n >= 3600:
		return time.Duration(n) * time.Second, nil
	}
	return time.Duration(n) * time.Hour, nil
}

// targets puts addresses or asset lists into s: never both. A change to one of
// them ends the other.
func (r scanRequest) targets(ctx context.Context, a api, by harrier.Actor, s *harrier.Site) error {
	addresses := r.IPList != nil && !isBlank(string(*r.IPList))
	lists := r.Assets != nil && len(*r.Assets) > 0
	switch {
	case addresses && lists:
		return harrier.Errorf(harrier.Invalid, "'assets' and 'ipList' can not be used together: give the targets by one of them.")
	case addresses:
		if _, err := harrier.ParseTargets(string(*r.IPList)); err != nil {
			return harrier.Errorf(harrier.Invalid, "The value for 'ipList' is invalid: %s.", strings.TrimSuffix(harrier.MessageOf(err), "."))
		}
		s.Targets = string(*r.IPList)
		s.Options.Lists, s.Options.Defined = nil, nil
	case lists:
		all, err := a.assetsTargets(ctx, by, r.Assets.ids())
		if err != nil {
			return err
		}
		if s.Options.Lists = nil; !slices.Equal(s.Options.Defined, r.Assets.ids()) {
			s.Targets, s.Options.Defined = all, r.Assets.ids()
		}
	}
	if r.URLs == nil {
		return nil
	}
	hosts, err := urlHosts(string(*r.URLs))
	if err != nil {
		return err
	}
	s.Options.Given[givenURLs] = string(*r.URLs)
	if !addresses && !lists && len(hosts) > 0 {
		s.Targets, s.Options.Defined = strings.Join(hosts, ","), nil
	}
	return nil
}

// assetsTargets are the addresses of asset lists now.
func (a api) assetsTargets(ctx context.Context, by harrier.Actor, list []harrier.ID) (string, error) {
	for _, id := range list {
		if _, err := a.AssetLists.List(ctx, by, id); harrier.KindOf(err) == harrier.NotFound {
			return "", harrier.Errorf(harrier.Invalid, "Asset #%d does not exist.", id)
		}
	}
	all, err := a.AssetLists.Targets(ctx, by, a.Assets, list)
	if err == nil && isBlank(all) {
		err = harrier.Errorf(harrier.Invalid, "The assets have no addresses.")
	}
	return all, err
}

// touchesPolicy reports whether a change asks for another policy.
func (r scanRequest) touchesPolicy() bool {
	return r.Policy > 0 || r.Type != nil || r.plugin() != 0 || r.PolicyPrefs != nil || r.Credentials != nil
}

// policy is the policy of a scan as the request says, and puts the kind of scan
// into s: the policy that it names, a private copy of it where the scan says
// more or is made for one run, or one made for a single plugin. One without ID
// is still to be created.
func (r scanRequest) policy(ctx context.Context, a api, by harrier.Actor, s *harrier.Site) (harrier.Policy, error) {
	kept := s.Options.Given
	kind, plugin := kept[givenType], r.plugin()
	if r.Type != nil && *r.Type != "" {
		kind = string(*r.Type)
	} else if r.Policy > 0 {
		kind = "policy"
	} else if plugin != 0 {
		kind = "plugin"
	}
	if plugin != 0 {
		if _, found := a.Vulns.Lookup(harrier.VulnID(plugin)); !found || plugin > 1<<31-1 {
			return harrier.Policy{}, harrier.Errorf(harrier.Invalid, "Plugin #%d does not exist.", plugin)
		}
		kept[givenPlugin] = sid(plugin)
	}
	more, err := a.credentialsOf(ctx, by, r.Credentials, kept)
	if err != nil {
		return harrier.Policy{}, err
	}
	var p harrier.Policy
	switch kind {
	case "plugin":
		if p, err = a.onePlugin(harrier.VulnID(idOf(kept[givenPlugin]))); err != nil {
			return p, err
		}
		delete(kept, givenPolicy)
	case "policy", "":
		if r.Policy <= 0 {
			return p, harrier.Errorf(harrier.Invalid, "The 'policy' parameter is required for a scan of type 'policy'.")
		}
		if p, err = a.policy(ctx, by, harrier.ID(r.Policy), "use"); err != nil {
			if harrier.KindOf(err) == harrier.NotFound {
				return p, harrier.Errorf(harrier.Invalid, "Policy #%d does not exist.", r.Policy)
			}
			return p, err
		}
		kind = "policy"
	default:
		return p, harrier.Errorf(harrier.Invalid, "The value '%s' for 'type' is invalid (valid values: policy, plugin).", cut(kind, 40))
	}
	kept[givenType] = kind
	if s.Options.Terms, err = termsOf(kept); err != nil {
		return p, err
	}
	return a.refine(ctx, by, s, p, more)
}

// refine gives a scan a private copy of a listed policy when it says more than
// that, or is made for one run: a listed policy is not held back by what is
// over.
func (a api) refine(ctx context.Context, by harrier.Actor, s *harrier.Site, p harrier.Policy, more []harrier.Credential) (harrier.Policy, error) {
	kept := s.Options.Given
	var set []struct{ Name, Value string }
	if err := json.Unmarshal(rawList(kept[givenPrefs]), &set); err != nil {
		return p, err
	}
	if len(set)+len(more) == 0 && (p.Hidden || kept[givenOnce] == "") {
		delete(kept, givenPolicy)
		return p, nil
	}
	if p.ID != 0 && !p.Hidden {
		kept[givenPolicy] = sid(p.ID)
		p = privateCopy(p)
	}
	over := map[string]string{}
	for _, v := range set {
		over[v.Name] = v.Value
	}
	if err := applyPreferences(&p, over); err != nil {
		return p, err
	}
	p.Credentials = more
	if p.ID == 0 {
		return p, nil
	}
	return p, a.Policies.Update(ctx, by, &p)
}

// privateCopy is a policy to be created for one scan with the content of p.
func privateCopy(p harrier.Policy) harrier.Policy {
	c := harrier.Policy{
		Name: p.Name, Description: p.Description, Template: p.Template, Hidden: true, Settings: p.Settings, Preferences: cloneMap(p.Preferences),
		Checks: harrier.CheckSelection{Families: maps.Clone(p.Checks.Families), NoOthers: p.Checks.NoOthers, Single: maps.Clone(p.Checks.Single)},
	}
	delete(c.Preferences, keptContext)
	c.Audits = slices.Clone(p.Audits)
	for _, cred := range p.Credentials {
		c.Credentials = append(c.Credentials, harrier.Credential{ID: cred.ID, Category: cred.Category, Type: cred.Type, Fields: maps.Clone(cred.Fields)})
	}
	return c
}

// scanInformation is the plugin that says how a host was scanned.
const scanInformation harrier.VulnID = 19506

// onePlugin is a private policy that runs a single plugin.
func (a api) onePlugin(id harrier.VulnID) (harrier.Policy, error) {
	if id == 0 {
		return harrier.Policy{}, harrier.Errorf(harrier.Invalid, "The 'pluginID' parameter is required for a scan of type 'plugin'.")
	}
	_, t := a.templateOf("advanced")
	p := t.Policy("Plugin #" + vid(id))
	p.Hidden = true
	p.Checks = harrier.CheckSelection{NoOthers: true, Single: map[harrier.VulnID]bool{id: true, scanInformation: true}}
	return p, nil
}

func cloneMap(m map[string]string) map[string]string {
	out := make(map[string]string, len(m))
	maps.Copy(out, m)
	return out
}

// scheduleRequest is the schedule of a request.
//
// Source: securitycenter-api.md, section 3.7.
type scheduleRequest struct {
	Type      kit.Text  `json:"type"`
	Start     kit.Text  `json:"start"`
	Rule      kit.Text  `json:"repeatRule"`
	Dependent given     `json:"dependentID"`
	Enabled   *kit.Bool `json:"enabled"`
}

const (
	nowKind      = "now"
	rolloverKind = "rollover"
)

// at is the type of schedule that the request names, in lower case.
func (r scanRequest) at() string {
	switch {
	case r.Schedule != nil:
		return strings.ToLower(string(r.Schedule.Type))
	case r.ScheduleType != nil:
		return strings.ToLower(string(*r.ScheduleType))
	}
	return ""
}

var scheduleKinds = []string{"now", "ical", "never", "rollover", "dependent", "template"}

// schedule puts what is given into s. A new scan without a schedule is a
// template.
func (r scanRequest) schedule(ctx context.Context, a api, by harrier.Actor, s *harrier.Site) error {
	kept := s.Options.Given
	q := scheduleRequest{Type: kit.Text(cmp.Or(kept[givenKind], "template"))}
	switch {
	case r.Schedule != nil:
		q = *r.Schedule
	case r.ScheduleType != nil && *r.ScheduleType != "":
		q.Type = *r.ScheduleType
	case s.ID != 0:
		return nil
	}
	if q.Type == "" {
		q.Type = "template"
	}
	kind := strings.ToLower(string(q.Type))
	if !slices.Contains(scheduleKinds, kind) {
		return harrier.Errorf(harrier.Invalid, "The value '%s' for schedule 'type' is invalid (valid values: %s).", cut(kind, 40), strings.Join(scheduleKinds, ", "))
	}
	kept[givenKind], kept[givenStart], kept[givenRule] = kind, string(q.Start), string(q.Rule)
	s.Schedule = harrier.Schedule{}
	if kind != rolloverKind {
		s.Options.RolloverOf = 0
	}
	switch kind {
	case nowKind:
		if s.ID == 0 {
			kept[givenOnce] = sbool(true)
		}
	case "dependent":
		if _, err := a.site(ctx, by, harrier.ID(q.Dependent), "use"); err != nil || harrier.ID(q.Dependent) == s.ID {
			return harrier.Errorf(harrier.Invalid, "The scan '%d' of 'dependentID' does not exist.", q.Dependent)
		}
		s.Schedule = harrier.Schedule{Enabled: q.Enabled == nil || bool(*q.Enabled), After: harrier.ID(q.Dependent)}
	case rolloverKind:
		if strings.TrimSpace(string(q.Start)) != "" && strings.TrimSpace(string(q.Rule)) != "" {
			s.Schedule = scheduleOf(string(q.Start), string(q.Rule))
			s.Schedule.Enabled = q.Enabled == nil || bool(*q.Enabled)
		}
	case "ical":
		if strings.TrimSpace(string(q.Start)) == "" || strings.TrimSpace(string(q.Rule)) == "" {
			return harrier.Errorf(harrier.Invalid, "A schedule of type 'ical' needs 'start' and 'repeatRule'.")
		}
		s.Schedule = scheduleOf(string(q.Start), string(q.Rule))
		s.Schedule.Enabled = q.Enabled == nil || bool(*q.Enabled)
	}
	return checkSchedule(s.Schedule)
}

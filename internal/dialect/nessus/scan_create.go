package nessus

import (
	"cmp"
	"context"
	"encoding/json"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/calendar"
	"github.com/harrier-scan/harrier/internal/dialect/kit"
	"github.com/harrier-scan/harrier/internal/scan"
)

// scanRequest is the body of POST /scans; all of it is optional in PUT.
//
// Source: nessus-api.md, section 4.2.
type scanRequest struct {
	UUID        kit.Text                   `json:"uuid"` // of a template
	Settings    map[string]json.RawMessage `json:"settings"`
	Plugins     familyChoices              `json:"plugins"`
	Credentials credentialChanges          `json:"credentials"`
	Folder      *kit.Int                   `json:"folder_id"` // scripts put it here too
}

// familyChoices are what a request says of plugin families, by name.
type familyChoices map[string]familyChoice

// UnmarshalJSON leaves out what is no object: clients send whole editor pages
// back.
func (f *familyChoices) UnmarshalJSON(b []byte) error {
	var list map[string]json.RawMessage
	if err := json.Unmarshal(b, &list); err != nil {
		return err
	}
	*f = familyChoices{}
	for name, raw := range list {
		if len(raw) == 0 || raw[0] != '{' {
			continue
		}
		var choice familyChoice
		if err := json.Unmarshal(raw, &choice); err != nil {
			return err
		}
		if choice.Status != "" || len(choice.Individual) > 0 {
			(*f)[name] = choice
		}
	}
	return nil
}

// scanUpdate is a PUT /scans/{id}.
type scanUpdate struct {
	byID
	scanRequest
}

// scanSettings are the settings of a scan that are not its policy's.
type scanSettings struct {
	Name        *kit.Text       `json:"name"`
	Targets     *kit.Texts      `json:"text_targets"`
	File        *kit.Text       `json:"file_targets"` // name of an uploaded file; its content is appended
	Description *kit.Text       `json:"description"`
	Emails      *kit.Text       `json:"emails"`
	Enabled     *kit.Bool       `json:"enabled"`
	Launch      *kit.Text       `json:"launch"` // ON_DEMAND, ONETIME, DAILY …
	LaunchNow   kit.Bool        `json:"launch_now"`
	Start       *kit.Text       `json:"starttime"`
	Rules       *kit.Text       `json:"rrules"`
	Timezone    *kit.Text       `json:"timezone"`
	Policy      *kit.Int        `json:"policy_id"`
	Folder      *kit.Int        `json:"folder_id"`
	Scanner     *kit.Int        `json:"scanner_id"`
	ACLs        json.RawMessage `json:"acls"`

	// Known, and without meaning here: see docs/dialects/nessus.md.
	Filters     json.RawMessage `json:"filters"`
	FilterType  json.RawMessage `json:"filter_type"`
	AgentGroups json.RawMessage `json:"agent_group_id"`
	Dashboard   json.RawMessage `json:"use_dashboard"`
	UUID        json.RawMessage `json:"uuid"`
}

var scanSettingNames = kit.Keys[scanSettings]()

// isScanSetting reports whether a setting is the scan's own rather than its
// policy's.
func isScanSetting(name string) bool { return slices.Contains(scanSettingNames, name) }

// apply puts what is given into s; targets from a file are passed in.
func (q scanSettings) apply(s *harrier.Site, fileTargets string, now time.Time) error {
	if q.Name != nil {
		s.Name = strings.TrimSpace(string(*q.Name))
	}
	if q.Description != nil {
		s.Description = string(*q.Description)
	}
	if q.Emails != nil {
		s.Emails = string(*q.Emails)
	}
	if q.Targets != nil || fileTargets != "" {
		var parts []string
		if q.Targets != nil {
			parts = append(parts, *q.Targets...)
		}
		if fileTargets != "" {
			parts = append(parts, fileTargets)
		}
		s.Targets = strings.Join(parts, ",")
	}
	if q.Folder != nil {
		s.Folder = harrier.ID(*q.Folder)
	}
	if q.Scanner != nil {
		switch id := int(*q.Scanner); {
		case id > localScanner:
			s.Engine, s.Pool = harrier.ID(id-localScanner), ""
		case s.Engine != 0: // a pool is not seen here, and stays
			s.Engine = 0
		}
	}
	if len(q.ACLs) > 0 {
		grants, err := grantsOf(q.ACLs)
		if err != nil {
			return err
		}
		s.Grants = grants
	}
	if err := q.schedule(&s.Schedule, now); err != nil {
		return err
	}
	return s.Check()
}

// schedule puts what is given into s. A kind of launch without a rule makes the
// plain rule of that kind, and one without a start begins at the next full half
// hour, as the original's editor proposes. It answers Invalid.
func (q scanSettings) schedule(s *harrier.Schedule, now time.Time) error {
	for _, f := range []struct {
		from *kit.Text
		to   *string
	}{{q.Start, &s.Start}, {q.Rules, &s.Rule}, {q.Timezone, &s.Timezone}} {
		if f.from != nil {
			*f.to = strings.TrimSpace(string(*f.from))
		}
	}
	launch := ""
	if q.Launch != nil {
		launch = strings.ToUpper(strings.TrimSpace(string(*q.Launch)))
	}
	switch launch {
	case "":
	case "ON_DEMAND":
		*s = harrier.Schedule{Timezone: s.Timezone}
	case "ONETIME", "DAILY", "WEEKLY", "MONTHLY", "YEARLY":
		if q.Rules == nil || *q.Rules == "" {
			s.Rule = "FREQ=" + launch
			if launch != "ONETIME" {
				s.Rule += ";INTERVAL=1"
			}
		}
		if s.Start == "" {
			s.Start = nextHalfHour(now, s.Timezone)
		}
		s.Enabled = q.Enabled == nil || bool(*q.Enabled)
	default:
		return harrier.Invalidf("launch", "%q is not a way to launch", launch)
	}
	if q.Enabled != nil {
		s.Enabled = bool(*q.Enabled) && s.Start != ""
	}
	if !s.Planned() {
		return nil
	}
	return calendar.Check(*s)
}

func nextHalfHour(now time.Time, zone string) string {
	if at, err := time.LoadLocation(cmp.Or(zone, "UTC")); err == nil {
		now = now.In(at)
	}
	return now.Add(30 * time.Minute).Truncate(30 * time.Minute).Format("20060102T150405")
}

// maxTargetFile is how long an uploaded target list may be.
const maxTargetFile = 4 << 20

func (a api) fileTargets(ctx context.Context, by harrier.Actor, q scanSettings) (string, error) {
	if q.File == nil || *q.File == "" {
		return "", nil
	}
	f, err := a.Reports.OpenUpload(ctx, by, string(*q.File))
	if err != nil {
		return "", whenMissing(err, harrier.Invalidf("file_targets", "there is no uploaded file %q", *q.File))
	}
	defer func() { _ = f.Close() }() // it was only read
	b, err := io.ReadAll(io.LimitReader(f, maxTargetFile+1))
	if err != nil {
		return "", err
	}
	if len(b) > maxTargetFile {
		return "", harrier.Invalidf("file_targets", "the file is longer than %d bytes", maxTargetFile)
	}
	return string(b), nil
}

// scanObject is what create and configure answer.
//
// Source: nessus-api.md, section 4.2; the misspelt key is the original's.
type scanObject struct {
	ID                   harrier.ID    `json:"id"`
	UUID                 string        `json:"uuid"`
	Name                 string        `json:"name"`
	Description          *string       `json:"description"`
	Type                 string        `json:"type"`
	Owner                string        `json:"owner"`
	OwnerID              harrier.ID    `json:"owner_id"`
	PolicyID             harrier.ID    `json:"policy_id"`
	ScannerID            int           `json:"scanner_id"`
	TagID                harrier.ID    `json:"tag_id"`
	CustomTargets        string        `json:"custom_targets"`
	Emails               *string       `json:"emails"`
	Enabled              int           `json:"enabled"`
	StartTime            *string       `json:"starttime"`
	Rules                *string       `json:"rrules"`
	Timezone             *string       `json:"timezone"`
	Shared               int           `json:"shared"`
	UserPermissions      harrier.Level `json:"user_permissions"`
	DefaultPermissions   harrier.Level `json:"default_permissions"`
	DefaultPermisssions  harrier.Level `json:"default_permisssions"`
	NotificationFilters  *string       `json:"notification_filters"`
	NotificationType     *string       `json:"notification_filter_type"`
	UseDashboard         bool          `json:"use_dashboard"`
	DashboardFile        *string       `json:"dashboard_file"`
	ContainerID          int           `json:"container_id"`
	AttachReport         int           `json:"attach_report"`
	AttachedMaximum      int           `json:"attached_report_maximum_size"`
	AttachedType         *string       `json:"attached_report_type"`
	SMS                  *string       `json:"sms"`
	LiveResults          int           `json:"live_results"`
	ScanTimeWindow       int           `json:"scan_time_window"`
	Migrated             int           `json:"migrated"`
	LastScheduledRun     *string       `json:"last_scheduled_run"`
	IncludeAggregate     bool          `json:"include_aggregate"`
	CreationDate         int64         `json:"creation_date"`
	LastModificationDate int64         `json:"last_modification_date"`
}

func newScanObject(s harrier.Site, p harrier.Policy, level harrier.Level, owner string) scanObject {
	w := scanObject{
		ID: s.ID, UUID: definitionUUID(s), Name: s.Name, Description: orNull(s.Description), Type: "public", Owner: owner, OwnerID: s.Owner,
		PolicyID: basePolicy(p), ScannerID: scannerOf(s), TagID: folderOf(s), CustomTargets: s.Targets, Emails: orNull(s.Emails),
		Enabled: zeroOne(s.Schedule.Enabled), StartTime: orNull(s.Schedule.Start), Rules: orNull(s.Schedule.Rule), Timezone: orNull(s.Schedule.Timezone),
		Shared: zeroOne(len(s.Grants) > 0), UserPermissions: level, IncludeAggregate: true,
		ScanTimeWindow: int(time.Duration(p.Settings.MaxDuration).Minutes()),
		CreationDate:   unix(s.Created), LastModificationDate: unix(s.Modified),
	}
	w.DefaultPermissions = everybody(s.Grants)
	w.DefaultPermisssions = w.DefaultPermissions
	return w
}

func zeroOne(v bool) int {
	if v {
		return 1
	}
	return 0
}

// basedOn is the preference of a scan's private policy that names the policy
// which it refines.
const basedOn = "policy_id"

// basePolicy is the policy that a scan is said to use.
func basePolicy(p harrier.Policy) harrier.ID {
	if n, err := kit.WholeNumber(p.Preferences[basedOn]); err == nil && n > 0 && p.Hidden {
		return harrier.ID(n)
	}
	return p.ID
}

// copyOf is a policy that is new but for its content, without credentials.
func copyOf(p harrier.Policy) harrier.Policy {
	return harrier.Policy{
		Name: p.Name, Description: p.Description, Template: p.Template, Settings: p.Settings,
		Checks: harrier.CheckSelection{
			Families: maps.Clone(p.Checks.Families), NoOthers: p.Checks.NoOthers, Single: maps.Clone(p.Checks.Single),
		},
		Preferences: maps.Clone(p.Preferences),
	}
}

// createReply is the answer of POST /scans.
type createReply struct {
	Scan scanObject `json:"scan"`
}

func (a api) createScan(ctx context.Context, by harrier.Actor, q scanRequest) (createReply, error) {
	var set scanSettings
	if err := kit.Fill(q.Settings, &set); err != nil {
		return createReply{}, err
	}
	if set.Folder == nil {
		set.Folder = q.Folder
	}
	list, err := a.fileTargets(ctx, by, set)
	if err != nil {
		return createReply{}, err
	}
	s := harrier.Site{Repository: harrier.DefaultRepository, Folder: harrier.MyScans}
	if err := set.apply(&s, list, a.Now()); err != nil {
		return createReply{}, err
	}
	p, err := a.policyFor(ctx, by, q, set)
	if err != nil {
		return createReply{}, err
	}
	if err := a.createSite(ctx, by, &s, p); err != nil {
		return createReply{}, err
	}
	if set.LaunchNow {
		if err := a.launchNew(ctx, by, s.ID); err != nil {
			return createReply{}, err
		}
	}
	object, err := a.object(ctx, by, s)
	return createReply{object}, err
}

// launchNew launches a scan that was just made. One that can not be launched is
// removed again: a refused request leaves nothing behind.
func (a api) launchNew(ctx context.Context, by harrier.Actor, id harrier.ID) error {
	_, err := a.Scans.Launch(ctx, by, id, scan.Launch{})
	if err == nil {
		return nil
	}
	if undo := a.Sites.Delete(context.WithoutCancel(ctx), by, id); undo != nil {
		a.Log.ErrorContext(ctx, "scan left over", "site", id, "err", undo)
	}
	return err
}

func (a api) object(ctx context.Context, by harrier.Actor, s harrier.Site) (scanObject, error) {
	p, err := a.Policies.Policy(ctx, harrier.System, s.Policy)
	if err != nil {
		return scanObject{}, err
	}
	return newScanObject(s, p, a.Sites.Level(by, s), a.names(ctx).of(s.Owner)), nil
}

// policyFor is the policy of a new scan: the one that the request names, as it
// is or refined by the request's settings, or one made from a template. A
// policy without ID is still to be created.
func (a api) policyFor(ctx context.Context, by harrier.Actor, q scanRequest, set scanSettings) (harrier.Policy, error) {
	var p harrier.Policy
	if set.Policy != nil && *set.Policy > 0 {
		base, err := a.Policies.Policy(ctx, by, harrier.ID(*set.Policy))
		if err != nil {
			return p, whenMissing(err, harrier.Invalidf("policy_id", "there is no policy %d", *set.Policy))
		}
		more, err := refines(base, q)
		if err != nil || !more {
			return base, err
		}
		p = copyOf(base)
	} else {
		id, t, err := a.roomTemplate(string(q.UUID))
		if err != nil {
			return p, err
		}
		p = copyOf(t.Policy(id.title))
		p.Template = id.name
	}
	p.Hidden = true
	err := a.applyPolicy(ctx, &p, q)
	if set.Policy != nil && *set.Policy > 0 {
		if p.Preferences == nil {
			p.Preferences = map[string]string{}
		}
		p.Preferences[basedOn] = itoa(int(*set.Policy))
	}
	return p, err
}

// refines reports whether a request asks for another policy than base.
func refines(base harrier.Policy, q scanRequest) (bool, error) {
	changed, err := changesSettings(base, q.Settings, isScanSetting)
	return changed || len(q.Plugins) > 0 || q.Credentials.any(), err
}

// applyPolicy puts what a request says of a policy into p.
func (a api) applyPolicy(ctx context.Context, p *harrier.Policy, q scanRequest) error {
	if err := applySettings(p, q.Settings, isScanSetting); err != nil {
		return err
	}
	if err := applyFamilies(&p.Checks, q.Plugins, a.familyOf(ctx)); err != nil {
		return err
	}
	return q.Credentials.apply(p)
}

// createSite stores a scan with its policy, which is a new one when it has no
// ID.
func (a api) createSite(ctx context.Context, by harrier.Actor, s *harrier.Site, p harrier.Policy) error {
	if p.ID == 0 {
		return a.Sites.CreateWith(ctx, by, s, &p)
	}
	s.Policy = p.ID
	err := a.Sites.Create(ctx, by, s)
	if err != nil && p.Hidden {
		if undo := a.Policies.Delete(context.WithoutCancel(ctx), by, p.ID); undo != nil {
			a.Log.ErrorContext(ctx, "private policy left over", "policy", p.ID, "err", undo)
		}
	}
	return err
}

// configureScan changes what the request gives and leaves the rest.
func (a api) configureScan(ctx context.Context, by harrier.Actor, q scanUpdate) (scanObject, error) {
	s, err := a.Sites.Site(ctx, by, q.ID)
	if err != nil {
		return scanObject{}, err
	}
	var set scanSettings
	if err := kit.Fill(q.Settings, &set); err != nil {
		return scanObject{}, err
	}
	if set.Folder == nil {
		set.Folder = q.Folder
	}
	list, err := a.fileTargets(ctx, by, set)
	if err != nil {
		return scanObject{}, err
	}
	if err := set.apply(&s, list, a.Now()); err != nil {
		return scanObject{}, err
	}
	if err := a.reconfigure(ctx, by, &s, q.scanRequest, set); err != nil {
		return scanObject{}, err
	}
	if set.LaunchNow {
		if _, err := a.Scans.Launch(ctx, by, s.ID, scan.Launch{}); err != nil {
			return scanObject{}, err
		}
		if s, err = a.Sites.Site(ctx, by, q.ID); err != nil {
			return scanObject{}, err
		}
	}
	return a.object(ctx, by, s)
}

// reconfigure stores s with the policy that the request leads to: another one,
// or its private one changed, or a private one that refines what it uses.
func (a api) reconfigure(ctx context.Context, by harrier.Actor, s *harrier.Site, q scanRequest, set scanSettings) error {
	old, err := a.Policies.Policy(ctx, harrier.System, s.Policy)
	if err != nil {
		return err
	}
	otherPolicy := set.Policy != nil && *set.Policy > 0 && harrier.ID(*set.Policy) != basePolicy(old)
	otherTemplate := set.Policy == nil && q.UUID != "" && string(q.UUID) != templateByName(old.Template).uuid
	if old.Hidden && !otherPolicy && !otherTemplate {
		if err := a.applyPolicy(ctx, &old, q); err != nil {
			return err
		}
		return a.Sites.UpdateWith(ctx, by, s, &old)
	}
	if !otherPolicy && !otherTemplate {
		n := kit.Int(old.ID) // may be refined by what else the request says
		set.Policy = &n
	}
	p, err := a.policyFor(ctx, by, q, set)
	if err != nil {
		return err
	}
	if p.ID == 0 {
		return a.Sites.UpdateWith(ctx, by, s, &p)
	}
	s.Policy = p.ID
	if err := a.Sites.Update(ctx, by, s); err != nil || !old.Hidden {
		return err
	}
	return a.Policies.Delete(ctx, by, old.ID)
}

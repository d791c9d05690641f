package harrier

import (
	"net/mail"
	"strings"
	"time"
)

// Report is a file made in some format: of one scan on demand, or of what a
// definition says, on demand or on schedule.
type Report struct {
	ID         ID
	UUID       UUID
	Token      string // 64 lower-case hex digits: whoever has it may fetch the file
	Owner      ID
	Definition ID    // what it was made of; zero for one made of a scan on demand
	Scan       ID    // the scan that it is about; zero: see Scope
	Scope      Scope // at the time when it was asked for
	Title      string
	Template   string            // of Templates; "" for formats that have none
	Format     string            // name of a format
	Options    map[string]string // of the format, by its own names
	Recipients []string          // mail addresses that get it
	Status     ReportStatus
	Error      string // why it failed, for the client
	Steps      int    // hosts to be written; 0 while that is not known
	Done       int    // hosts that are written
	Name       string // file name for the download
	Path       string // where the file is, below the folder of reports
	Created    time.Time
	Started    time.Time // zero while it waits
	Ended      time.Time
}

// ReportStatus is where a report stands.
type ReportStatus string

// The states of a report.
const (
	ReportQueued   ReportStatus = "queued"
	ReportRunning  ReportStatus = "running"
	ReportStopping ReportStatus = "stopping"
	ReportReady    ReportStatus = "ready"
	ReportStopped  ReportStatus = "stopped" // by a person
	ReportFailed   ReportStatus = "failed"
)

// Ended reports whether nothing will move the report any more.
func (s ReportStatus) Ended() bool {
	return s == ReportReady || s == ReportStopped || s == ReportFailed
}

// ReportDefinition says what is in a report, how it looks, when it is made and
// who gets it. It is SecurityCenter's reportDefinition and NeXpose's report
// configuration.
type ReportDefinition struct {
	ID          ID
	UUID        UUID
	Name        string
	Description string
	Owner       ID
	Template    string            // of Templates; "" for formats that have none
	OwnTemplate ID                // whose chapters or columns it has; zero: those of Template
	Format      string            // name of a format
	Options     map[string]string // of the format, by its own names
	Scope       Scope
	Schedule    Schedule
	NextRun     time.Time // of Schedule; zero: never
	AfterScan   bool      // also made when a scan ends that is of a site in Scope, or saw what is in it
	Recipients  []string  // mail addresses
	Groups      []ID      // with whom it is shared
	// Users are with whom it is shared one by one: they see its reports too.
	Users []ID
	Mail  ReportMail
	Keep  int // how many of its newest reports are kept; 0 means KeepReports
	// Given are a dialect's settings as given, by their own names, to be given
	// back.
	Given    map[string]string
	Created  time.Time
	Modified time.Time
}

// ReportMail says in which form a finished report goes to people by mail.
type ReportMail struct {
	Recipients MailForm `json:"recipients,omitempty"` // "": AsFile
	Owner      MailForm `json:"owner,omitempty"`      // to the owner; "": not at all
	Users      MailForm `json:"users,omitempty"`      // to Users; "": not at all
}

// MailForm is how a mail brings a report.
type MailForm string

// The forms.
const (
	AsFile   MailForm = "file"   // attached
	AsZip    MailForm = "zip"    // attached, packed
	AsNotice MailForm = "notice" // only told of
)

// KeepReports is how many reports of a definition are kept when it does not say.
const KeepReports = 30

// Bounds of a definition.
const (
	maxKeptReports   = 1000
	maxScopeItems    = 10_000
	maxReportOptions = 64 << 10 // bytes
)

// Template is a kind of document: which chapters it has, in their order.
type Template struct {
	Name     string // "executive"
	Title    string
	Chapters []string
}

// Chapters of documents. ChapterCompliance says that nothing was audited.
const (
	ChapterSummary     = "summary"     // numbers and charts
	ChapterTrend       = "trend"       // open findings over time
	ChapterTop         = "top"         // gravest vulnerabilities and hosts
	ChapterHostSummary = "hosts"       // a line for each host
	ChapterByHost      = "by_host"     // everything found on each host
	ChapterByPlugin    = "by_plugin"   // everything found, each with its hosts
	ChapterRemedies    = "remedies"    // what to do, weightiest first
	ChapterCoverage    = "coverage"    // what was not looked at, and why
	ChapterCompliance  = "compliance"  // audits of configurations
	ChapterDefinitions = "definitions" // each vulnerability explained
)

// Templates are the kinds of documents that formats for people have.
var Templates = []Template{
	{"executive", "Executive overview", []string{ChapterSummary, ChapterTrend, ChapterTop, ChapterRemedies, ChapterCoverage}},
	{"detailed", "Detailed report", []string{ChapterSummary, ChapterTrend, ChapterRemedies, ChapterHostSummary, ChapterByHost, ChapterCoverage, ChapterDefinitions}},
	{"remediation", "Remediation plan", []string{ChapterSummary, ChapterRemedies, ChapterTop}},
}

// TemplateNamed returns the template of that name, and false for none.
func TemplateNamed(name string) (Template, bool) {
	for _, t := range Templates {
		if t.Name == name {
			return t, true
		}
	}
	return Template{}, false
}

// Scope says which findings are in a report. The first six lists are united;
// none of them means everything. State, Query and Filter restrict.
//
// With Scans the report has exactly what those scans saw, and nothing is united
// with them; otherwise it has what is known now of each asset.
type Scope struct {
	Scans        []ID  `json:"scans,omitempty"`
	Sites        []ID  `json:"sites,omitempty"` // assets that scans of these sites saw
	Assets       []ID  `json:"assets,omitempty"`
	AssetLists   []ID  `json:"asset_lists,omitempty"`
	Tags         []ID  `json:"tags,omitempty"` // assets that carry one of these
	Repositories []ID  `json:"repositories,omitempty"`
	State        State `json:"state,omitempty"`
	// Query is a saved query, read anew whenever a report is made.
	Query ID `json:"query,omitempty"`
	// Asked is the definition of a saved query (SavedQuery.Definition) that is kept
	// here and nowhere else, also read anew each time.
	Asked string `json:"asked,omitempty"`
	// Filter is a condition on the results of a scan, by the fields of formats; it
	// is used with Scans only.
	Filter Condition `json:"filter,omitzero"`
	// Only is a condition on findings, by their fields, of a scan or of what is
	// known now.
	Only Condition `json:"only,omitzero"`
	// Last stands for the last scan that has ended by the time when the report is
	// made: of Sites, or of all that its maker sees. Of Sites, nothing else is
	// meant by them then.
	Last bool `json:"last,omitempty"`
	// First is Last for the first scan that has ended.
	First bool `json:"first,omitempty"`
}

// State says whether open or closed findings are meant.
type State string

// The states. "" is OpenFindings.
const (
	OpenFindings   State = "open"
	ClosedFindings State = "closed"
	AllFindings    State = "all"
)

// Check answers Invalid, naming the field, for a definition that breaks its own
// rules. Whether its format and what its scope names exist is for the room to
// say.
func (d *ReportDefinition) Check() error {
	if err := checkName(d.Name); err != nil {
		return err
	}
	if _, ok := TemplateNamed(d.Template); d.Template != "" && !ok {
		return Invalidf("template", "there is no template %q", d.Template)
	}
	if d.Keep < 0 || d.Keep > maxKeptReports {
		return Invalidf("keep", "must be from 0 to %d", maxKeptReports)
	}
	if len(d.Recipients) > maxRecipients {
		return Invalidf("recipients", "there are more than %d", maxRecipients)
	}
	for _, r := range d.Recipients {
		if a, err := mail.ParseAddress(r); err != nil || a.Address != r || strings.ContainsAny(r, "\r\n") {
			return Invalidf("recipients", "%q is not a mail address", r)
		}
	}
	for _, form := range []MailForm{d.Mail.Recipients, d.Mail.Owner, d.Mail.Users} {
		switch form {
		case "", AsFile, AsZip, AsNotice:
		default:
			return Invalidf("mail", "%q is neither file, zip nor notice", string(form))
		}
	}
	if len(d.Users) > maxRecipients {
		return Invalidf("users", "there are more than %d", maxRecipients)
	}
	size := 0
	for k, v := range d.Options {
		size += len(k) + len(v)
	}
	if size > maxReportOptions {
		return Invalidf("options", "are longer than %d bytes", maxReportOptions)
	}
	return d.Scope.Check()
}

// Check answers Invalid, naming the field, for a scope that makes no sense.
func (s *Scope) Check() error {
	if len(s.Scans)+len(s.Sites)+len(s.Assets)+len(s.AssetLists)+len(s.Tags)+len(s.Repositories) > maxScopeItems {
		return Invalidf("scope", "names more than %d things", maxScopeItems)
	}
	switch s.State {
	case "", OpenFindings, ClosedFindings, AllFindings:
	default:
		return Invalidf("state", "%q is not open, closed or all", string(s.State))
	}
	if len(s.Scans) > 1 {
		return Invalidf("scans", "a report is about one scan")
	}
	if len(s.Scans) > 0 && len(s.Sites)+len(s.Assets)+len(s.AssetLists)+len(s.Tags)+len(s.Repositories) > 0 {
		return Invalidf("scans", "can not be joined with sites, assets, tags or repositories")
	}
	if s.First && s.Last {
		return Invalidf("scans", "the first and the last scan can not be joined")
	}
	if (s.Last || s.First) && len(s.Scans)+len(s.Assets)+len(s.AssetLists)+len(s.Tags)+len(s.Repositories) > 0 {
		return Invalidf("scans", "the first or last scan can not be joined with other scans, assets, tags or repositories")
	}
	if len(s.Asked) > maxReportOptions {
		return Invalidf("query", "is longer than %d bytes", maxReportOptions)
	}
	return nil
}

package securitycenter

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/calendar"
)

// apiVersion is the version of the API that is spoken; clients switch on it.
//
// Source: section 5.1.
const apiVersion = "6.4.0"

// licensed is how many addresses may be scanned, as far as clients that ask for
// a licence are concerned: there is none to buy.
const licensed = 1 << 20

func (a api) systemRoutes(m *router) {
	m.public("GET /system", a.getSystem)
	m.handle("GET /system/locale", a.getLocale)
	m.handle("PATCH /system/locale", a.setLocale)
	m.handle("GET /system/locales", a.listLocales)
	m.handle("GET /system/diagnostics", a.getDiagnostics)
	m.handle("GET /status", a.getStatus)
	m.handle("GET /configSection/0", a.getLicense)
}

// systemReply is the answer of GET /system.
type systemReply struct {
	Version              string       `json:"version"`
	BuildID              string       `json:"buildID"`
	ReleaseID            string       `json:"releaseID"`
	Banner               string       `json:"banner"`
	UUID                 string       `json:"uuid"`
	Logo                 string       `json:"logo"`
	ServerAuth           string       `json:"serverAuth"`
	ServerClassification string       `json:"serverClassification"`
	SessionTimeout       string       `json:"sessionTimeout"`
	LicenseStatus        string       `json:"licenseStatus"`
	Mode                 string       `json:"mode"`
	ACAS                 string       `json:"ACAS"`
	FreshInstall         string       `json:"freshInstall"`
	HeaderText           string       `json:"headerText"`
	LoginNotifications   string       `json:"loginNotifications"`
	PasswordComplexity   string       `json:"PasswordComplexity"`
	Telemetry            string       `json:"telemetryEnabled"`
	ReportTypes          []reportType `json:"reportTypes"`
	Timezones            []timezone   `json:"timezones"`
	Logs                 *systemLogs  `json:"scLogs,omitempty"`
}

type reportType struct {
	Name          string   `json:"name"`
	Type          string   `json:"type"`
	Enabled       string   `json:"enabled"`
	AttributeSets []string `json:"attributeSets"`
}

type timezone struct {
	Name      string `json:"name"`
	GMTOffset int    `json:"gmtOffset"` // hours at this time of the year, rounded down
}

type systemLogs struct {
	Basenames []string `json:"basenames"` // months: "202605"
}

// getSystem says what this is, to anybody: clients ask for the version before
// they sign in. Who has signed in also hears which months the log has.
func (a api) getSystem(_ context.Context, _ harrier.Actor, q *query) (any, error) {
	now := a.Now()
	reply := systemReply{
		Version: apiVersion, BuildID: a.Version, ReleaseID: a.Version, ServerAuth: "any", ServerClassification: "None",
		SessionTimeout: sid(int(a.Identity.IdleTimeout().Seconds())), LicenseStatus: "Valid", Mode: "SC", ACAS: sbool(false), FreshInstall: "no",
		LoginNotifications: sbool(false), PasswordComplexity: sbool(false), Telemetry: sbool(false), UUID: suuid(a.ServerUUID),
		ReportTypes: systemReportTypes(), Timezones: timezones(now),
	}
	if _, err := a.authenticate(q.raw); err == nil {
		reply.Logs = &systemLogs{[]string{now.UTC().Format("200601")}}
	}
	return pick(reply, q.fields(), "version"), nil
}

// systemReportTypes are the types of reports, those that are not made too.
func systemReportTypes() []reportType {
	out := []reportType{}
	for _, t := range reportTypes {
		out = append(out, reportType{strings.ToUpper(t), t, sbool(true), []string{}})
	}
	for _, t := range refusedTypes {
		out = append(out, reportType{strings.ToUpper(t), t, sbool(false), []string{}})
	}
	return out
}

func timezones(now time.Time) []timezone {
	out := []timezone{}
	for _, name := range calendar.Timezones() {
		if place, err := time.LoadLocation(name); err == nil {
			_, seconds := now.In(place).Zone()
			out = append(out, timezone{name, (seconds - (seconds%3600+3600)%3600) / 3600})
		}
	}
	return out
}

// locale is a language of plugins.
type locale struct {
	Code        string `json:"code"`
	Name        string `json:"name"`
	Description string `json:"description,omitempty"`
}

var english = locale{"en", "English", "English"}

func (a api) getLocale(context.Context, harrier.Actor, *query) (any, error) { return english, nil }

func (a api) listLocales(context.Context, harrier.Actor, *query) (any, error) {
	return map[string]locale{english.Code: {Code: english.Code, Name: english.Name}}, nil
}

// setLocale takes the only language that plugins are written in.
func (a api) setLocale(_ context.Context, by harrier.Actor, q *query) (any, error) {
	if !by.May(harrier.OperateConsole) {
		return nil, notAllowed("You may not change the language of plugins.")
	}
	if l := q.param("PluginLocale"); l != "" && !strings.EqualFold(l, english.Code) {
		return nil, harrier.Invalidf("PluginLocale", "plugins have no language %q", cut(l, 64))
	}
	return english, nil
}

// diagnostics is the answer of GET /system/diagnostics.
type diagnostics struct {
	Java          string `json:"statusJava"`
	RPM           string `json:"statusRPM"`
	Disk          string `json:"statusDisk"`
	ThresholdDisk string `json:"statusThresholdDisk"`
	LastChecked   string `json:"statusLastChecked"`
	Generated     int64  `json:"diagnosticsGenerated"`
	GenerateState string `json:"diagnosticsGenerateState"`
	Debugging     bool   `json:"touchDebuggingEnabled"`
	Migration     bool   `json:"migrationFailure"`
}

func (a api) getDiagnostics(_ context.Context, by harrier.Actor, _ *query) (any, error) {
	if !by.May(harrier.OperateConsole) {
		return nil, notAllowed("You may not see the diagnostics.")
	}
	return diagnostics{
		Java: sbool(true), RPM: sbool(true), Disk: sbool(true), ThresholdDisk: "5%", LastChecked: stime(a.Now()), Generated: -1, GenerateState: "-1",
	}, nil
}

// updated tells of one part of the content.
type updated struct {
	UpdateTime string `json:"updateTime"`
	Stale      string `json:"stale"`
	PluginSet  string `json:"pluginCurrentSet,omitempty"`
}

// installationStatus is the answer of GET /status. Clients know the subscriptions
// under two spellings.
type installationStatus struct {
	Jobd            string   `json:"jobd"`
	LicenseStatus   string   `json:"licenseStatus"`
	Plugins         string   `json:"PluginSubscriptionStatus"`
	LCEPlugins      string   `json:"LCEPluginSubscriptionStatus"`
	PassivePlugins  string   `json:"PassivePluginSubscriptionStatus"`
	Plugins2        string   `json:"pluginSubscriptionStatus"`
	LCEPlugins2     string   `json:"lcePluginSubscriptionStatus"`
	PassivePlugins2 string   `json:"passivePluginSubscriptionStatus"`
	PluginUpdates   updates  `json:"pluginUpdates"`
	FeedUpdates     updated  `json:"feedUpdates"`
	ActiveIPs       string   `json:"activeIPs"`
	LicensedIPs     string   `json:"licensedIPs"`
	NoLCEs          string   `json:"noLCEs"`
	NoReps          string   `json:"noReps"`
	Zones           []string `json:"zones"`
	Migration       string   `json:"migrationStatus"`
	BackupStatus    string   `json:"lastDbBackupStatus"`
	BackupSuccess   string   `json:"lastDbBackupSuccess"`
	BackupFailure   string   `json:"lastDbBackupFailure"`
}

type updates struct {
	Active  updated `json:"active"`
	Passive updated `json:"passive"`
	LCE     updated `json:"lce"`
}

func (a api) getStatus(ctx context.Context, _ harrier.Actor, q *query) (any, error) {
	hosts, err := a.Assets.Addresses(ctx, harrier.System, nil)
	if err != nil {
		return nil, fmt.Errorf("count addresses: %w", err)
	}
	at := a.contentTime(ctx)
	active := updated{stime(at), sbool(a.stale(at)), a.pluginSet(ctx)}
	none := updated{"0", sbool(false), ""}
	const valid, never = "Valid", "N/A"
	return pick(installationStatus{
		Jobd: "Running", LicenseStatus: valid, Plugins: valid, LCEPlugins: never, PassivePlugins: never, Plugins2: valid, LCEPlugins2: never,
		PassivePlugins2: never, PluginUpdates: updates{active, none, none}, FeedUpdates: updated{active.UpdateTime, active.Stale, ""},
		ActiveIPs: sid(hosts), LicensedIPs: sid(licensed), NoLCEs: sbool(true), NoReps: sbool(false), Zones: []string{},
		Migration: "N/A", BackupStatus: "N/A", BackupSuccess: "-1", BackupFailure: "-1",
	}, q.fields()), nil
}

// staleAfter is how old content may be.
const staleAfter = 30 * 24 * time.Hour

func (a api) stale(at time.Time) bool { return a.Now().Sub(at) > staleAfter }

// contentTime is the last change of any plugin, by day.
func (a api) contentTime(ctx context.Context) time.Time {
	var last time.Time
	for _, v := range a.Vulns.All(ctx) {
		for _, t := range []time.Time{v.Modified, v.Added} {
			if t.After(last) {
				last = t
			}
		}
	}
	if last.IsZero() || last.After(a.Now()) {
		last = a.Started
	}
	return last.UTC().Truncate(24 * time.Hour)
}

// pluginSet is the version of the content as YYYYMMDDhhmm: the last change of
// any plugin, with minutes that tell sets of the same day apart.
func (a api) pluginSet(ctx context.Context) string {
	h := sha256.New()
	for _, v := range a.Vulns.All(ctx) {
		_ = binary.Write(h, binary.BigEndian, v.ID) // a hash never fails
	}
	_, _ = io.WriteString(h, a.Vulns.ContentVersion(ctx)) // likewise
	minutes := binary.BigEndian.Uint32(h.Sum(nil)) % (24 * 60)
	return a.contentTime(ctx).Add(time.Duration(minutes) * time.Minute).Format("200601021504")
}

// licenseReply is the answer of GET /configSection/0.
type licenseReply struct {
	License licenseConfig `json:"LicenseConfig"`
}

type licenseConfig struct {
	Status      string `json:"licenseStatus"`
	LicensedIPs string `json:"licensedIPs"`
	Type        string `json:"type"`
	Expiration  string `json:"expiration"`
}

func (a api) getLicense(_ context.Context, by harrier.Actor, _ *query) (any, error) {
	if !by.May(harrier.OperateConsole) {
		return nil, notAllowed("You may not see the configuration.")
	}
	return licenseReply{licenseConfig{"Valid", sid(licensed), "Harrier", "-1"}}, nil
}

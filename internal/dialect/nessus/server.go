package nessus

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"io"
	"runtime"
	"strings"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/dialect/kit"
)

// index is what GET / says to anybody.
const index = "<!doctype html><title>Harrier</title><p>Harrier answers the Nessus API here.\n"

func page(contentType, body string) kit.File {
	return kit.File{Type: contentType, Size: int64(len(body)), Body: io.NopCloser(strings.NewReader(body))}
}

func (a api) getIndex(context.Context, harrier.Actor, struct{}) (kit.File, error) {
	return page("text/html", index), nil
}

// getScript answers GET /nessus6.js: clients read the API token out of it.
//
// Source: nessus-api.md, rule 18.
func (a api) getScript(context.Context, harrier.Actor, struct{}) (kit.File, error) {
	token := strings.ToUpper(a.ServerUUID.String())
	return page("application/javascript", `var api={key:"getApiToken",value:function(){return"`+token+`"}};`+"\n"), nil
}

// progress says how far a part of the server is.
type progress struct {
	Progress int    `json:"progress"`
	Status   string `json:"status"`
}

// statusReply is the answer of GET /server/status.
type statusReply struct {
	Code       int    `json:"code"`
	Status     string `json:"status"`
	Progress   *int   `json:"progress"`
	PluginSet  bool   `json:"pluginSet"`
	PluginData bool   `json:"pluginData"`
	InitLevel  int    `json:"initLevel"`
	Detailed   struct {
		Login  string   `json:"login_status"`
		Feed   progress `json:"feed_status"`
		DB     progress `json:"db_status"`
		Engine progress `json:"engine_status"`
	} `json:"detailed_status"`
}

// getStatus always says ready: the console serves nothing before it is.
func (a api) getStatus(context.Context, harrier.Actor, struct{}) (statusReply, error) {
	ready := progress{100, "ready"}
	reply := statusReply{Code: 200, Status: "ready", PluginSet: true, PluginData: true, InitLevel: 5}
	reply.Detailed.Login = "allow"
	reply.Detailed.Feed, reply.Detailed.DB, reply.Detailed.Engine = ready, ready, ready
	return reply, nil
}

// features says what the server can do.
type features struct {
	Policies     bool `json:"policies"`
	Report       bool `json:"report"`
	RemoteLink   bool `json:"remote_link"`
	Cluster      bool `json:"cluster"`
	Users        bool `json:"users"`
	VPR          bool `json:"vpr"`
	Offline      bool `json:"offline"`
	PluginRules  bool `json:"plugin_rules"`
	API          bool `json:"api"`
	ScanAPI      bool `json:"scan_api"`
	Folders      bool `json:"folders"`
	LocalScanner bool `json:"local_scanner"`
	Logs         bool `json:"logs"`
	SMTP         bool `json:"smtp"`
}

// license is the same for everybody: there is none to buy.
type license struct {
	Type     string   `json:"type"`
	Name     string   `json:"name"`
	Features features `json:"features"`
}

// capabilities are older names for features.
type capabilities struct {
	Groups      bool   `json:"scan_vulnerability_groups"`
	GroupsMixed bool   `json:"scan_vulnerability_groups_mixed"`
	ReportEmail bool   `json:"report_email_config"`
	MultiScan   bool   `json:"multi_scanner"`
	MultiUser   string `json:"multi_user"`
}

// propertiesReply is the answer of GET /server/properties.
//
// Source: nessus-api.md, section 3.2; idle_timeout is left out on purpose.
type propertiesReply struct {
	NessusType        string       `json:"nessus_type"`
	ServerVersion     string       `json:"server_version"`
	UIVersion         string       `json:"nessus_ui_version"`
	ServerBuild       string       `json:"server_build"`
	UIBuild           string       `json:"nessus_ui_build"`
	ServerUUID        string       `json:"server_uuid"`
	Feed              string       `json:"feed"`
	Platform          string       `json:"platform"`
	PluginSet         string       `json:"plugin_set"`
	LoadedPluginSet   string       `json:"loaded_plugin_set"`
	Enterprise        bool         `json:"enterprise"`
	License           license      `json:"license"`
	Features          features     `json:"features"`
	Capabilities      capabilities `json:"capabilities"`
	Notifications     []string     `json:"notifications"`
	FeedNotifications []string     `json:"feed_notifications"`
	Links             []string     `json:"tenable_links"`
	BootTime          int64        `json:"scanner_boottime"`
	BackendBootTime   int64        `json:"scanner_backend_boottime"`
	NPv7              int          `json:"npv7"`
	FeedError         int          `json:"feed_error"`
	Update            struct {
		Href       *string `json:"href"`
		NewVersion int     `json:"new_version"`
		Restart    int     `json:"restart"`
	} `json:"update"`
	RestartPending struct {
		Reason *string `json:"reason"`
		Type   *string `json:"type"`
	} `json:"restart_pending"`
	RestartNeeded *string  `json:"restart_needed"`
	LoginBanner   *string  `json:"login_banner"`
	IsOffline     bool     `json:"is_offline"`
	Restarting    bool     `json:"restarting"`
	Installers    struct{} `json:"installers"`
}

// apiVersion is the version of the API that is spoken; clients switch on it.
const apiVersion = "10.8.0"

func (a api) getProperties(ctx context.Context, _ harrier.Actor, _ struct{}) (propertiesReply, error) {
	can := features{
		Policies: true, Report: true, Users: true, Offline: true, PluginRules: true, API: true, ScanAPI: true, Folders: true, LocalScanner: true,
		SMTP: true,
	}
	set := a.pluginSet(ctx)
	reply := propertiesReply{
		NessusType: "Nessus Professional", ServerVersion: apiVersion, UIVersion: apiVersion, ServerBuild: a.Version, UIBuild: a.Version,
		ServerUUID: longUUID(a.ServerUUID), Feed: "ProFeed", Platform: strings.ToUpper(runtime.GOOS),
		PluginSet: set, LoadedPluginSet: set, License: license{"professional", "Harrier " + a.Version, can}, Features: can,
		Capabilities:  capabilities{MultiUser: "full"},
		Notifications: []string{}, FeedNotifications: []string{}, Links: []string{},
		BootTime: a.Started.Unix(), BackendBootTime: a.Started.Unix(), IsOffline: true,
	}
	return reply, nil
}

// pluginSet is the version of the content, as YYYYMMDDHHMM: the last change of
// any plugin, with minutes that tell sets of the same day apart.
func (a api) pluginSet(ctx context.Context) string {
	h := sha256.New()
	var last string
	for _, v := range a.Vulns.All(ctx) {
		last = max(last, v.Modified.UTC().Format("20060102"), v.Added.UTC().Format("20060102"))
		_ = binary.Write(h, binary.BigEndian, v.ID) // a hash never fails
	}
	_, _ = io.WriteString(h, a.Vulns.ContentVersion(ctx)) // likewise
	if last == "" || strings.HasPrefix(last, "0001") {
		last = a.Started.UTC().Format("20060102")
	}
	minutes := binary.BigEndian.Uint32(h.Sum(nil)) % (24 * 60)
	return last + pad(minutes/60) + pad(minutes%60)
}

func pad(n uint32) string {
	s := itoa(int(n))
	return strings.Repeat("0", 2-len(s)) + s
}

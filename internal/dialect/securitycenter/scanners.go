package securitycenter

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/harrier-scan/harrier"
)

func (a api) scannerRoutes(m *router) {
	m.handle("GET /zone", a.listZones)
	m.handle("GET /zone/{id}", a.getZone)
	m.handle("GET /scanner", a.listScanners)
	m.handle("GET /scanner/{id}", a.getScanner)
	m.handle("POST /scanner/updateStatus", a.updateScanners)
	a.zoneRoutes(m)
}

// The zone and the scanner that every installation has: the pool of the
// console's own engine, which reaches every address. Other pools are further
// zones, engines elsewhere further scanners.
const localZone = 1

var (
	theZone    = ref{"1", "Local Zone", "Whatever the console's own engine reaches."}
	theScanner = ref{"1", "Local Scanner", "The console's own engine."}
)

// The bits of a scanner's status.
//
// Source: securitycenter-api.md, section 19.2.
const (
	scannerWorks    = "1"
	scannerTimeout  = "4"
	scannerUnproved = "32"    // it is not enrolled, or was revoked
	scannerNew      = "8192"  // it has not spoken yet
	scannerOld      = "32768" // it has to be brought up to date
)

var scannerStates = map[harrier.EngineStatus]string{
	harrier.EngineActive: scannerWorks, harrier.EngineNotResponding: scannerTimeout, harrier.EnginePending: scannerUnproved,
	harrier.EngineUnknown: scannerNew, harrier.EngineIncompatible: scannerOld,
}

// scannerRef is a scanner as a zone names it.
type scannerRef struct {
	ref
	Status string `json:"status"`
}

// zoneItem is a scan zone; its numbers of scanners are numbers.
//
// Source: securitycenter-api.md, section 19.1.
type zoneItem struct {
	ID            string       `json:"id"`
	Name          string       `json:"name"`
	Description   string       `json:"description"`
	IPList        string       `json:"ipList"`
	Created       string       `json:"createdTime"`
	Modified      string       `json:"modifiedTime"`
	Scanners      []scannerRef `json:"scanners"`
	Organizations []ref        `json:"organizations"`
	Active        int          `json:"activeScanners"`
	Total         int          `json:"totalScanners"`
}

// zones lists the pools of engines, the console's own first, without those that
// the organisation of by has nothing to do with.
func (a api) zones(ctx context.Context, by harrier.Actor) ([]zoneItem, error) {
	local, err := a.scanner(ctx)
	if err != nil {
		return nil, err
	}
	engines, names, err := a.pools(ctx)
	if err != nil {
		return nil, err
	}
	pools, err := a.Fleet.Pools(ctx, harrier.System)
	if err != nil {
		return nil, err
	}
	organizations, err := a.Identity.Organizations(ctx, harrier.System)
	if err != nil {
		return nil, err
	}
	list := []zoneItem{}
	for _, pool := range names {
		r, p := zoneRef(pool), harrier.Pool{}
		if i := slices.IndexFunc(pools, func(o harrier.Pool) bool { return o.Name == pool }); i >= 0 && pool != harrier.LocalPool {
			p, r = pools[i], zoneOf(pools[i])
		}
		if !servedBy(p, by) {
			continue
		}
		w := zoneItem{
			ID: r.ID, Name: r.Name, Description: r.Description, Created: stime(a.Started), Modified: stime(a.Started),
			Scanners: []scannerRef{}, Organizations: []ref{}, IPList: p.Targets,
		}
		if !p.Created.IsZero() {
			w.Created, w.Modified = stime(p.Created), stime(p.Created)
		}
		for _, id := range idList(p.Given[keptOrganizations]) {
			if i := slices.IndexFunc(organizations, func(o harrier.Organization) bool { return o.ID == id }); i >= 0 && (by.Organization == 0 || by.Organization == id) {
				w.Organizations = append(w.Organizations, ref{sid(id), organizations[i].Name, organizations[i].Description})
			}
		}
		if pool == harrier.LocalPool {
			w.IPList, w.Scanners = "0.0.0.0/0,::/0", append(w.Scanners, local.short())
		}
		for _, e := range engines[pool] {
			if e.Remote() {
				w.Scanners = append(w.Scanners, a.scannerOf(e, nil).short())
			}
		}
		w.Total = len(w.Scanners)
		for _, s := range w.Scanners {
			if s.Status == scannerWorks {
				w.Active++
			}
		}
		list = append(list, w)
	}
	return list, nil
}

// servedBy reports whether a pool is a zone of the organisation of by.
func servedBy(p harrier.Pool, by harrier.Actor) bool {
	return by.Organization == 0 || p.Serves(by.Organization)
}

func (a api) listZones(ctx context.Context, by harrier.Actor, q *query) (any, error) {
	list, err := a.zones(ctx, by)
	return pick(list, q.fields(), "id"), err
}

func (a api) getZone(ctx context.Context, by harrier.Actor, q *query) (any, error) {
	list, err := a.zones(ctx, by)
	if err != nil {
		return nil, err
	}
	for _, w := range list {
		if w.ID == q.path("id") {
			return pick(w, q.fields(), "id"), nil
		}
	}
	return nil, noObject("Scan Zone", q.path("id"), "get")
}

// scannerItem is a scanner. Nothing signs in to the console's own engine, so
// that what would tell how is empty.
//
// Source: securitycenter-api.md, section 19.2.
type scannerItem struct {
	ID              string   `json:"id"`
	UUID            string   `json:"uuid"`
	Name            string   `json:"name"`
	Description     string   `json:"description"`
	IP              string   `json:"ip"`
	Port            string   `json:"port"`
	UseProxy        string   `json:"useProxy"`
	Enabled         string   `json:"enabled"`
	VerifyHost      string   `json:"verifyHost"`
	ManagePlugins   string   `json:"managePlugins"`
	AuthType        string   `json:"authType"`
	Cert            *string  `json:"cert"`
	Username        string   `json:"username"`
	Password        string   `json:"password"`
	AgentCapable    string   `json:"agentCapable"`
	Version         *string  `json:"version"`
	WebVersion      *string  `json:"webVersion"`
	Admin           string   `json:"admin"`
	MSP             string   `json:"msp"`
	NumScans        string   `json:"numScans"`
	NumHosts        string   `json:"numHosts"`
	NumSessions     string   `json:"numSessions"`
	NumTCPSessions  string   `json:"numTCPSessions"`
	LoadAvg         string   `json:"loadAvg"`
	Uptime          int      `json:"uptime"`
	Status          string   `json:"status"`
	PluginSet       *string  `json:"pluginSet"`
	LoadedPluginSet *string  `json:"loadedPluginSet"`
	ServerUUID      *string  `json:"serverUUID"`
	Created         string   `json:"createdTime"`
	Modified        string   `json:"modifiedTime"`
	Zones           []ref    `json:"zones"`
	ManagerOrgs     []string `json:"nessusManagerOrgs"`
}

func (a api) scanner(ctx context.Context) (scannerItem, error) {
	w := scannerItem{
		ID: theScanner.ID, UUID: suuid(a.ServerUUID), Name: theScanner.Name, Description: theScanner.Description, IP: "127.0.0.1", Port: "8834",
		UseProxy: sbool(false), Enabled: sbool(true), VerifyHost: sbool(false), ManagePlugins: sbool(true), AuthType: "password", AgentCapable: sbool(false),
		Admin: sbool(true), MSP: sbool(false), NumScans: "0", NumHosts: "0", NumSessions: "0", NumTCPSessions: "0", LoadAvg: "0.0", Uptime: -1,
		Status: scannerTimeout, Created: stime(a.Started), Modified: stime(a.Started), Zones: []ref{theZone}, ManagerOrgs: []string{},
	}
	active, err := a.Scans.Active(ctx, harrier.System)
	if err != nil {
		return w, err
	}
	w.NumScans = sid(len(active))
	engines, err := a.Fleet.Engines(ctx, harrier.System)
	for _, e := range engines {
		if !e.Remote() && e.Alive(a.Now()) {
			w.Status, w.Version, w.WebVersion = scannerWorks, &e.Version, &e.Version
			w.Uptime = int(a.Now().Sub(e.Started).Seconds())
			uuid := e.UUID.String()
			w.ServerUUID = &uuid
		}
	}
	return w, err
}

// short is the scanner as a zone names it.
func (w scannerItem) short() scannerRef {
	return scannerRef{ref{w.ID, w.Name, w.Description}, w.Status}
}

func engineText(e harrier.Engine) string {
	if text, told := e.Given[keptZoneText]; told {
		return text
	}
	return "An engine elsewhere."
}

// scannerOf is an engine elsewhere in some zones. Its number is never that of
// the local scanner.
func (a api) scannerOf(e harrier.Engine, zones []ref) scannerItem {
	w := scannerItem{
		ID: sid(e.ID + localZone), UUID: suuid(e.UUID), Name: e.Name, Description: engineText(e), IP: cmp.Or(e.Address, e.Hostname), Port: "",
		UseProxy: sbool(false), Enabled: sbool(true), VerifyHost: sbool(true), ManagePlugins: sbool(true), AuthType: "certificate", AgentCapable: sbool(false),
		Admin: sbool(true), MSP: sbool(false), NumScans: sid(len(e.Scans)), NumHosts: "0", NumSessions: "0", NumTCPSessions: "0", LoadAvg: "0.0", Uptime: -1,
		Status: scannerStates[e.Status(a.Now())], Created: stime(e.Created), Modified: stime(e.Created), Zones: zones, ManagerOrgs: []string{},
	}
	if e.Port != 0 {
		w.Port = sid(e.Port)
	}
	if e.Version != "" {
		w.Version, w.WebVersion = &e.Version, &e.Version
	}
	if e.Alive(a.Now()) {
		w.Uptime = int(a.Now().Sub(e.Started).Seconds())
		uuid := e.UUID.String()
		w.ServerUUID = &uuid
		if e.Parallel > 0 {
			w.LoadAvg = fmt.Sprintf("%.1f", float64(e.Running)/float64(e.Parallel))
		}
	}
	return w
}

// scanners lists the local scanner and the engines elsewhere, of those that by may
// use.
func (a api) scanners(ctx context.Context, by harrier.Actor) ([]scannerItem, error) {
	local, err := a.scanner(ctx)
	if err != nil {
		return nil, err
	}
	engines, names, err := a.pools(ctx)
	if err != nil {
		return nil, err
	}
	pools, err := a.Fleet.Pools(ctx, harrier.System)
	if err != nil {
		return nil, err
	}
	only, err := a.Fleet.Only(ctx, by)
	if err != nil {
		return nil, err
	}
	all, err := a.Fleet.Engines(ctx, by)
	list := []scannerItem{}
	if only.MayUseOwn() {
		list = append(list, local)
	}
	for _, e := range all {
		if !e.Remote() {
			continue
		}
		zones, foreign := []ref{}, false
		for _, pool := range names {
			if slices.ContainsFunc(engines[pool], func(m harrier.Engine) bool { return m.ID == e.ID }) {
				r := zoneRef(pool)
				if i := slices.IndexFunc(pools, func(p harrier.Pool) bool { return p.Name == pool }); i >= 0 && pool != harrier.LocalPool {
					if r = zoneOf(pools[i]); !servedBy(pools[i], by) {
						foreign = true
						continue
					}
				}
				zones = append(zones, r)
			}
		}
		if foreign && len(zones) == 0 { // it works for others
			continue
		}
		list = append(list, a.scannerOf(e, zones))
	}
	return list, err
}

func (a api) listScanners(ctx context.Context, by harrier.Actor, q *query) (any, error) {
	list, err := a.scanners(ctx, by)
	return pick(list, q.fields("id", "name", "description", "status", "agentCapable"), "id", "uuid"), err
}

func (a api) getScanner(ctx context.Context, by harrier.Actor, q *query) (any, error) {
	list, err := a.scanners(ctx, by)
	if err != nil {
		return nil, err
	}
	for _, w := range list {
		if w.ID == q.path("id") {
			return pick(w, q.fields(), "id", "uuid"), nil
		}
	}
	return nil, noObject("Scanner", q.path("id"), "get")
}

// statusReply is the answer of POST /scanner/updateStatus.
type statusReply struct {
	Status []scannerRef `json:"status"`
}

func (a api) updateScanners(ctx context.Context, by harrier.Actor, _ *query) (any, error) {
	list, err := a.scanners(ctx, by)
	reply := statusReply{[]scannerRef{}}
	for _, w := range list {
		reply.Status = append(reply.Status, w.short())
	}
	return reply, err
}

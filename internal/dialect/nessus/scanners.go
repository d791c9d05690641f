package nessus

import (
	"context"
	"runtime"
	"slices"

	"github.com/harrier-scan/harrier"
)

// The scanner that every installation has: the pool of the console's own
// engine. Engines elsewhere are further scanners.
const (
	localScanner = 1
	scannerName  = "Local Scanner"
)

// scannerNumber is the number of an engine elsewhere.
func scannerNumber(e harrier.ID) int { return localScanner + int(e) }

// scannerOf is the number of the scanner of a site: that of the engine which it
// is bound to, else the local one.
func scannerOf(s harrier.Site) int { return scannerNumber(s.Engine) }

// scannerItem is a scanner.
//
// Source: nessus-api.md, section 8.
type scannerItem struct {
	ID              int            `json:"id"`
	UUID            string         `json:"uuid"`
	Name            string         `json:"name"`
	Type            string         `json:"type"`
	Status          string         `json:"status"`
	Platform        string         `json:"platform"`
	Distro          string         `json:"distro"`
	EngineVersion   string         `json:"engine_version"`
	EngineBuild     string         `json:"engine_build"`
	UIVersion       string         `json:"ui_version"`
	UIBuild         string         `json:"ui_build"`
	PluginSet       string         `json:"loaded_plugin_set"`
	Registration    string         `json:"registration_code"`
	Owner           string         `json:"owner"`
	OwnerName       string         `json:"owner_name"`
	OwnerID         int            `json:"owner_id"`
	Source          string         `json:"source"`
	Linked          int            `json:"linked"`
	ScanCount       int            `json:"scan_count"`
	Shared          int            `json:"shared"`
	UserPermissions harrier.Level  `json:"user_permissions"`
	Timestamp       int64          `json:"timestamp"`
	Created         int64          `json:"creation_date"`
	Modified        int64          `json:"last_modification_date"`
	LastConnect     *int64         `json:"last_connect"`
	NumScans        int            `json:"num_scans"`
	License         scannerLicense `json:"license"`
}

type scannerLicense struct {
	Type string `json:"type"`
}

// scannersReply is the answer of GET /scanners.
type scannersReply struct {
	Scanners []scannerItem `json:"scanners"`
}

func (a api) listScanners(ctx context.Context, by harrier.Actor, _ struct{}) (scannersReply, error) {
	active, err := a.Scans.Active(ctx, by)
	if err != nil {
		return scannersReply{}, err
	}
	engines, err := a.Fleet.Engines(ctx, by)
	if err != nil {
		return scannersReply{}, err
	}
	local := scannerItem{
		ID: localScanner, UUID: longUUID(a.ServerUUID), Name: scannerName, Type: "local", Status: "off",
		Platform: runtime.GOOS, Distro: runtime.GOOS + "-" + runtime.GOARCH, EngineVersion: a.Version, EngineBuild: a.Version, UIVersion: apiVersion, UIBuild: a.Version,
		PluginSet: a.pluginSet(ctx), Owner: "system", OwnerName: "system", Source: "service", Linked: 1, ScanCount: len(active), NumScans: len(active), Shared: 1,
		UserPermissions: harrier.MayControl, Timestamp: a.Now().Unix(), Created: unix(a.Started), Modified: unix(a.Started), License: scannerLicense{"professional"},
	}
	if by.May(harrier.ManageEngines) {
		local.UserPermissions = harrier.Owns
	}
	only, err := a.Fleet.Only(ctx, by)
	if err != nil {
		return scannersReply{}, err
	}
	list := []scannerItem{local}
	for _, e := range engines {
		switch {
		case e.Remote():
			list = append(list, a.remoteScanner(local, e))
		case e.Alive(a.Now()):
			list[0].Status, list[0].EngineVersion, list[0].LastConnect = "on", e.Version, unixOrNull(e.LastSeen)
		}
	}
	if !only.MayUseOwn() {
		list = list[1:]
	}
	return scannersReply{list}, nil
}

// remoteScanner is an engine elsewhere, like the local scanner but for what it
// says of itself.
func (a api) remoteScanner(like scannerItem, e harrier.Engine) scannerItem {
	w := like
	w.ID, w.UUID, w.Name, w.Type, w.Status = scannerNumber(e.ID), longUUID(e.UUID), e.Name, "remote", "off"
	w.Platform, w.Distro, w.EngineVersion, w.EngineBuild = "", "", e.Version, e.Version
	w.ScanCount, w.NumScans = len(e.Scans), len(e.Scans)
	w.Created, w.Modified, w.LastConnect = unix(e.Created), unix(e.Created), unixOrNull(e.LastSeen)
	if e.Status(a.Now()) == harrier.EngineActive {
		w.Status = "on"
	}
	return w
}

func (a api) getScanner(ctx context.Context, by harrier.Actor, q byID) (scannerItem, error) {
	reply, err := a.listScanners(ctx, by, struct{}{})
	if err != nil {
		return scannerItem{}, err
	}
	for _, s := range reply.Scanners {
		if harrier.ID(s.ID) == q.ID {
			return s, nil
		}
	}
	return scannerItem{}, errFileNotFound
}

// scannerScansReply is the answer of GET /scanners/{id}/scans.
type scannerScansReply struct {
	Scans []scannerScan `json:"scans"`
}

// scannerScan is a run that goes on.
type scannerScan struct {
	ID     string     `json:"id"`
	ScanID harrier.ID `json:"scan_id"`
	Name   string     `json:"name"`
	Status string     `json:"status"`
	Start  *int64     `json:"start_time"`
}

func (a api) scannerScans(ctx context.Context, by harrier.Actor, q byID) (scannerScansReply, error) {
	reply := scannerScansReply{Scans: []scannerScan{}}
	engines, err := a.Fleet.Engines(ctx, by)
	if err != nil {
		return reply, err
	}
	at := slices.IndexFunc(engines, func(e harrier.Engine) bool { return e.Remote() && harrier.ID(scannerNumber(e.ID)) == q.ID })
	if q.ID != localScanner && at < 0 {
		return reply, errFileNotFound
	}
	list, err := a.Scans.Active(ctx, by)
	for _, s := range list {
		if at >= 0 && !slices.Contains(engines[at].Scans, s.ID) {
			continue
		}
		reply.Scans = append(reply.Scans, scannerScan{longUUID(s.UUID), s.Site, s.Name, statusWord(s.Status), unixOrNull(s.Started)})
	}
	return reply, err
}

// agentsReply and groupsReply are empty: Harrier has no agents and no groups
// of users.
type agentsReply struct {
	Agents []struct{} `json:"agents"`
}

type groupsReply struct {
	Groups []struct{} `json:"groups"`
}

func (a api) listAgents(context.Context, harrier.Actor, struct{}) (agentsReply, error) {
	return agentsReply{[]struct{}{}}, nil
}

func (a api) listGroups(context.Context, harrier.Actor, struct{}) (groupsReply, error) {
	return groupsReply{[]struct{}{}}, nil
}

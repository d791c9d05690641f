package securitycenter_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/dialect/exchange"
	"github.com/harrier-scan/harrier/internal/dialect/securitycenter"
)

// TestZones makes scanners and zones, renames, changes and deletes them: they
// are the engines and the pools that every door shows.
func TestZones(t *testing.T) {
	c := exchange.Start(t, securitycenter.New)
	type named struct{ ID, Name string }
	var scanner struct {
		named
		IP, Port, Status, Description string
		Zones                         []named
	}
	call(t, c, "POST", "/scanner", `{"name":"branch","ip":"192.0.2.9","port":"8834","description":"d","authType":"password","username":"u","password":"p","enabled":"true"}`, &scanner)
	if scanner.Name != "branch" || scanner.IP != "192.0.2.9" || scanner.Port != "8834" || scanner.Status != "32" || scanner.Description != "d" {
		t.Errorf("scanner = %+v; want one that waits for its enrolment", scanner)
	}
	var zone struct {
		named
		IPList, Description string
		Total               int `json:"totalScanners"`
		Organizations       []named
	}
	call(t, c, "POST", "/zone", fmt.Sprintf(`{"name":"offices","description":"z","ipList":"10.0.0.0/8, 192.0.2.1","scanners":[{"id":"%s"}],"organizations":[{"id":1}]}`, scanner.ID), &zone)
	if zone.Name != "offices" || zone.IPList != "10.0.0.0/8,192.0.2.1" || zone.Total != 1 || zone.Description != "z" || len(zone.Organizations) != 1 {
		t.Errorf("zone = %+v", zone)
	}
	pools, err := c.Rooms.Fleet.Pools(t.Context(), c.Admin)
	if err != nil || len(pools) != 1 || len(pools[0].Members) != 1 || pools[0].Targets != "10.0.0.0/8,192.0.2.1" {
		t.Fatalf("pools = %+v, %v", pools, err)
	}

	// A zone that is renamed stays the one that clients and scans know.
	id := zone.ID
	call(t, c, "PATCH", "/zone/"+id, `{"name":"branches","ipList":"10.0.0.0/16"}`, &zone)
	if zone.ID != id || zone.Name != "branches" || zone.IPList != "10.0.0.0/16" || zone.Total != 1 || zone.Description != "z" {
		t.Errorf("renamed zone = %+v; want number %s", zone, id)
	}
	if call(t, c, "PATCH", "/scanner/"+scanner.ID, `{"zones":[],"name":"far"}`, &scanner); scanner.Name != "far" || len(scanner.Zones) != 0 {
		t.Errorf("scanner out of its zone = %+v", scanner)
	}
	if call(t, c, "PATCH", "/scanner/"+scanner.ID, `{"zones":[{"id":"`+id+`"},{"id":"1"}]}`, &scanner); len(scanner.Zones) != 2 {
		t.Errorf("scanner in two zones = %+v", scanner)
	}
	call(t, c, "PATCH", "/scanner/"+scanner.ID, `{"zones":[{"id":"`+id+`"}]}`, &scanner)

	before := fmt.Sprint(c.Rooms.Fleet.Pools(t.Context(), c.Admin))
	for _, bad := range []struct{ method, path, body string }{
		{"POST", "/zone", `{"name":""}`},
		{"POST", "/zone", `{"name":"branches"}`},
		{"POST", "/zone", `{"name":"x","ipList":"moon base"}`},
		{"POST", "/zone", `{"name":"x","scanners":[{"id":99}]}`},
		{"POST", "/zone", `{"name":"x","organizations":[{"id":99}]}`},
		{"PATCH", "/zone/1", `{"name":"x"}`},
		{"PATCH", "/zone/99", `{"name":"x"}`},
		{"DELETE", "/zone/1", ""},
		{"DELETE", "/zone/99", ""},
		{"POST", "/scanner", `{"name":""}`},
		{"POST", "/scanner", `{"name":"far"}`},
		{"POST", "/scanner", `{"name":"y","zones":[{"id":99}]}`},
		{"POST", "/scanner", `{"name":"y","enabled":"false"}`},
		{"POST", "/scanner", `{"name":"y","ip":"192.0.2.9","port":8834}`},
		{"PATCH", "/scanner/1", `{"name":"x"}`},
		{"DELETE", "/scanner/1", ""},
		{"DELETE", "/scanner/99", ""},
	} {
		if code := call(t, c, bad.method, bad.path, bad.body, nil); code == 0 {
			t.Errorf("%s %s %s was taken", bad.method, bad.path, bad.body)
		}
	}
	engines, err := c.Rooms.Fleet.Engines(t.Context(), c.Admin)
	if err != nil || fmt.Sprint(c.Rooms.Fleet.Pools(t.Context(), c.Admin)) != before || strings.Contains(fmt.Sprint(engines), "{y}") {
		t.Errorf("what was refused left something: %+v, %v", engines, err)
	}
	call(t, c, "DELETE", "/scanner/"+scanner.ID, "", nil)
	call(t, c, "DELETE", "/zone/"+id, "", nil)
	if pools, err = c.Rooms.Fleet.Pools(t.Context(), c.Admin); err != nil || len(pools) != 1 || pools[0].Name != harrier.LocalPool {
		t.Errorf("pools = %+v, %v; want the local one alone", pools, err)
	}
}

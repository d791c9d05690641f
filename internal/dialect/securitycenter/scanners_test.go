package securitycenter_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/dialect/exchange"
	"github.com/harrier-scan/harrier/internal/dialect/securitycenter"
	"github.com/harrier-scan/harrier/internal/fleet"
)

// TestEnginesElsewhere shows engines elsewhere as scanners, with what they say
// of themselves, and their pools as zones; a scan is bound to one of those.
func TestEnginesElsewhere(t *testing.T) {
	c := exchange.Start(t, securitycenter.New)
	room := c.Rooms.Fleet
	far, waits := harrier.Engine{Name: "far"}, harrier.Engine{Name: "waits", Address: "192.0.2.9", Port: 40900}
	for _, e := range []*harrier.Engine{&far, &waits} {
		if err := room.SaveEngine(t.Context(), c.Admin, e); err != nil {
			t.Fatal(err)
		}
	}
	token, err := room.Token(t.Context(), c.Admin, fleet.NewToken{Name: "far"})
	if err != nil {
		t.Fatal(err)
	}
	if far, err = room.Enrol(t.Context(), token, harrier.Engine{Key: []byte{1}, Box: []byte{2}}); err != nil {
		t.Fatal(err)
	}
	p := harrier.Pool{Name: "offices", Members: []harrier.ID{far.ID, waits.ID}}
	if err := room.CreatePool(t.Context(), c.Admin, &p); err != nil {
		t.Fatal(err)
	}
	speaks := harrier.Engine{UUID: far.UUID, Version: "1.2", Hostname: "branch", Protocol: harrier.EngineProtocol, Started: time.Now(), Parallel: 4}
	if err := room.See(t.Context(), harrier.Heartbeat{Engine: speaks, Active: []harrier.Activity{{Scan: 5, Batch: 1}, {Scan: 5, Batch: 2}}}); err != nil {
		t.Fatal(err)
	}

	var scanners []struct {
		ID, Name, Status, IP, Port, LoadAvg, NumScans string
		Version                                       *string
		Zones                                         []struct{ Name string }
	}
	call(t, c, "GET", "/scanner?fields=name,status,ip,port,loadAvg,numScans,version,zones", "", &scanners)
	if len(scanners) != 3 || scanners[0].Name != "Local Scanner" {
		t.Fatalf("scanners = %+v; want the local one and two more", scanners)
	}
	if s := scanners[1]; s.Name != "far" || s.Status != "1" || s.IP != "branch" || s.LoadAvg != "0.5" || s.NumScans != "1" || s.Version == nil || *s.Version != "1.2" || len(s.Zones) != 1 || s.Zones[0].Name != "offices" {
		t.Errorf("far = %+v; want it at work in offices", s)
	}
	if s := scanners[2]; s.Name != "waits" || s.Status != "32" || s.IP != "192.0.2.9" || s.Port != "40900" || s.Version != nil {
		t.Errorf("waits = %+v; want it to wait for its enrolment", s)
	}
	var one struct{ Name string }
	if call(t, c, "GET", "/scanner/"+scanners[1].ID, "", &one); one.Name != "far" {
		t.Errorf("scanner %s = %+v; want far", scanners[1].ID, one)
	}
	var zones []struct {
		ID, Name string
		Active   int `json:"activeScanners"`
		Total    int `json:"totalScanners"`
		Scanners []struct{ Name, Status string }
	}
	call(t, c, "GET", "/zone?fields=name,activeScanners,totalScanners,scanners", "", &zones)
	if got := fmt.Sprint(zones); len(zones) != 2 || !strings.HasSuffix(got, " offices 1 2 [{far 1} {waits 32}]}]") {
		t.Errorf("zones = %s; want offices with far at work and one that waits", got)
	}
	if zones[0].Total != 1 || zones[0].Active != 1 {
		t.Errorf("the local zone = %+v; want its one scanner at work", zones[0])
	}
}

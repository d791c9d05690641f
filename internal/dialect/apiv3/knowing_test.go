package apiv3

import (
	"fmt"
	"testing"
	"time"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/asset"
)

// TestDetails holds that an asset tells all that is known of it: who met it, by
// what it is recognised, which parts its system's name has and what is installed.
func TestDetails(t *testing.T) {
	at := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	as := harrier.Asset{ID: 7, OS: "Microsoft Windows 11 x64", DeviceType: "general-purpose", LastScan: 4}
	k := knowing{
		facts: map[harrier.ID]asset.Facts{7: {Identifiers: []harrier.Identifier{
			{Kind: harrier.IDHardware, Value: "4c4c"}, {Kind: harrier.IDSerial, Value: "S1", Shared: true}, {Kind: harrier.IDSMB, Value: "S-1-5-21"},
		}}},
		met:   map[harrier.ID][]harrier.Encounter{7: {{Scan: 2, Owner: 1, Name: "first", At: at}, {Scan: 4, Owner: 9, At: at.Add(time.Hour)}}},
		names: map[harrier.ID]string{1: "admin"},
	}
	o := obj{}
	k.details(o, as, "192.0.2.1", "")
	for name, want := range map[string]string{
		"ids":     fmt.Sprintf("[map[id:%s source:HARRIER] map[id:4c4c source:uuid] map[id:S-1-5-21 source:%s]]", as.UUID, harrier.IDSMB),
		"history": "[map[date:2026-03-01T12:00:00.000Z description:first scanId:2 type:SCAN user:admin version:1] map[date:2026-03-01T13:00:00.000Z scanId:4 type:SCAN version:2]]",
	} {
		if got := fmt.Sprint(o[name]); got != want {
			t.Errorf("%s = %s; want %s", name, got, want)
		}
	}
	if p := o["osFingerprint"].(obj); p["architecture"] != "x86_64" || p["family"] != "Windows" || p["systemName"] != "Microsoft Windows" || p["vendor"] != "Microsoft" {
		t.Errorf("osFingerprint = %v", p)
	}
	software := withPackages([]obj{{"id": 1, "product": "nginx"}}, harrier.Inventory{Distro: "debian", Packages: []harrier.InstalledPackage{{Name: "libssl3", Version: "3.0.11-1"}}})
	if len(software) != 2 || software[1]["id"] != 2 || software[1]["product"] != "libssl3" || software[1]["version"] != "3.0.11-1" || software[1]["description"] != "libssl3 3.0.11-1" {
		t.Errorf("software = %v", software)
	}
}

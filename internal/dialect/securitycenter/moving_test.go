package securitycenter_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/harrier-scan/harrier/internal/dialect/exchange"
	"github.com/harrier-scan/harrier/internal/dialect/securitycenter"
)

// nessusFile is a file of hosts with a network card and a flaw each, at addrs.
func nessusFile(at time.Time, addrs ...string) string {
	return nessusFileOf(`mac-address">00:16:3E:00:00:%02X`, at, addrs...)
}

// nessusFileOf is a file of hosts that have one flaw each and a tag with their
// number.
func nessusFileOf(tag string, at time.Time, addrs ...string) string {
	var b strings.Builder
	b.WriteString(`<?xml version="1.0"?><NessusClientData_v2><Report name="moving">`)
	for i, addr := range addrs {
		fmt.Fprintf(&b, `<ReportHost name="%s"><HostProperties><tag name="host-ip">%[1]s</tag><tag name="%[5]s</tag>`+
			`<tag name="HOST_START_TIMESTAMP">%[3]d</tag><tag name="HOST_END_TIMESTAMP">%[3]d</tag></HostProperties>`+
			`<ReportItem port="0" svc_name="general" protocol="tcp" severity="2" pluginID="%[4]d" pluginName="flaw %[2]d" pluginFamily="General">`+
			`<plugin_type>remote</plugin_type><risk_factor>Medium</risk_factor></ReportItem></ReportHost>`, addr, i+1, at.Unix(), 900001+i, fmt.Sprintf(tag, i+1))
	}
	b.WriteString(`</Report></NessusClientData_v2>`)
	return b.String()
}

// TestImportTracksMovingHosts: with dhcpTracking, hosts of a file are known by
// what they are wherever they are now, and the same file again changes nothing;
// without, by their addresses.
func TestImportTracksMovingHosts(t *testing.T) {
	c := exchange.Start(t, securitycenter.New)
	take := func(tracking bool, file string) {
		t.Helper()
		name, err := c.Rooms.Reports.Upload(t.Context(), c.Admin, "moving.nessus", strings.NewReader(file))
		if err != nil {
			t.Fatal(err)
		}
		call(t, c, "POST", "/scanResult/import", fmt.Sprintf(`{"filename":%q,"repository":{"id":"1"},"classifyMitigatedAge":"0","dhcpTracking":"%v"}`, name, tracking), new(any))
	}
	known := func() string { // where each flaw is
		var out []string
		for _, r := range analyse(t, c, "cumulative", "vulndetails", "").Results {
			out = append(out, fmt.Sprint(r["pluginID"], "@", r["ip"], "@", r["firstSeen"], "@", r["lastSeen"]))
		}
		return strings.Join(out, "\n")
	}
	at := time.Now().Add(-48 * time.Hour).UTC().Truncate(time.Second)
	first := nessusFile(at, "192.0.2.1", "192.0.2.2")
	take(true, first)
	before := known()
	if strings.Count(before, "@192.0.2.") != 2 {
		t.Fatalf("the file left\n%s", before)
	}
	take(true, first)
	if diff := cmp.Diff(before, known()); diff != "" {
		t.Errorf("the same file again (-before +after):\n%s", diff)
	}
	take(true, nessusFile(at.Add(24*time.Hour), "192.0.2.2", "192.0.2.7"))
	after := known()
	if !strings.Contains(after, "900001@192.0.2.2@") || !strings.Contains(after, "900002@192.0.2.7@") || strings.Count(after, "@192.0.2.") != 2 {
		t.Errorf("machines that moved are\n%s", after)
	}
	const firmware = `bios-uuid">4C4C4544-0044-3510-8052-B4C04F4E4C%02X`
	take(true, nessusFileOf(firmware, at, "192.0.2.101", "192.0.2.102"))
	take(true, nessusFileOf(firmware, at.Add(24*time.Hour), "192.0.2.102", "192.0.2.107"))
	after = known()
	if !strings.Contains(after, "900001@192.0.2.102@") || !strings.Contains(after, "900002@192.0.2.107@") || strings.Count(after, "@192.0.2.10") != 2 {
		t.Errorf("machines that moved, known by their hardware, are\n%s", after)
	}
	take(false, nessusFile(at.Add(36*time.Hour), "192.0.2.9"))
	if now := known(); strings.Count(now, "900001@") != 3 {
		t.Errorf("without dhcpTracking the card of another address is another host: \n%s", now)
	}
}

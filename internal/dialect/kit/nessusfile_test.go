package kit_test

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/dialect/kit"
	"github.com/harrier-scan/harrier/internal/finding"
	"github.com/harrier-scan/harrier/internal/scan"
	"github.com/harrier-scan/harrier/internal/store"
	"github.com/harrier-scan/harrier/internal/vuln"
)

// TestImportNessus imports a file that breaks off behind its last host, which
// leaves nothing, and then the whole of it, twice.
func TestImportNessus(t *testing.T) {
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	ctx := t.Context()
	path := filepath.Join(t.TempDir(), "harrier.db")
	db, err := store.Open(ctx, path)
	must(err)
	defer func() { must(db.Close()) }()
	vulns := vuln.New(db)
	must(vulns.Load(ctx, nil, nil))
	findings := finding.New(finding.Config{Store: db, Catalog: vulns})
	rooms := kit.Rooms{Vulns: vulns, Findings: findings, Scans: scan.New(scan.Config{Store: db, Findings: findings})}

	var b strings.Builder
	b.WriteString(`<NessusClientData_v2><Policy><policyName>p</policyName></Policy><Report name="lab">`)
	const hosts = 300 // more than are written at a time
	for i := range hosts {
		fmt.Fprintf(&b, `<ReportHost name="10.0.%d.%d"><HostProperties><tag name="HOST_END">Fri Nov 07 13:28:09 2025</tag></HostProperties>`+
			`<ReportItem port="80" svc_name="www" protocol="tcp" severity="%d" pluginID="77001" pluginName="n" pluginFamily="f"><plugin_output>o</plugin_output></ReportItem>`+
			`</ReportHost>`, i/250, i%250+1, 2+i%2)
	}
	broken, whole := b.String(), b.String()+"</Report></NessusClientData_v2>"
	take := func(file string) error {
		head, err := kit.NessusHead(strings.NewReader(file))
		must(err)
		if head.Report != "lab" || head.Policy.Name != "p" {
			t.Errorf("head = %+v", head)
		}
		site := harrier.Site{Name: head.Report, Targets: "10.0.0.0/8"}
		_, err = rooms.ImportNessus(ctx, harrier.System, &site, harrier.Scan{Name: "lab", Started: time.Date(2025, 11, 7, 13, 0, 0, 0, time.UTC)}, strings.NewReader(file))
		return err
	}
	if err := take(broken); harrier.KindOf(err) != harrier.Invalid {
		t.Fatalf("a file that breaks off: %v; want Invalid", err)
	}
	count := func() int {
		c, err := db.CountFindings(ctx, nil)
		must(err)
		return c.Total()
	}
	if _, known := vulns.Lookup(77_001); known || count() != 0 {
		t.Errorf("a file that breaks off leaves %d findings, its plugin is known: %v", count(), known)
	}
	if list, err := db.Vulnerabilities(ctx); err != nil || len(list) != 0 {
		t.Errorf("a file that breaks off leaves %d definitions, %v", len(list), err)
	}
	for range 2 {
		must(take(whole))
		if v, known := vulns.Lookup(77_001); !known || v.Slug != "imported-77001" || v.Severity != harrier.Medium {
			t.Errorf("the plugin is %+v, known: %v", v, known)
		}
		if c, err := db.CountFindings(ctx, nil); err != nil || c[harrier.Medium] != hosts || count() != hosts {
			t.Errorf("%v findings, %v; want %d of the plugin's first grade", c, err, hosts)
		}
	}
	again := vuln.New(db)
	must(again.Load(context.Background(), nil, nil))
	if _, known := again.Lookup(77_001); !known {
		t.Error("the plugin is forgotten")
	}
}

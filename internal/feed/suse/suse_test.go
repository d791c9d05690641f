package suse

import (
	"strings"
	"testing"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/feed/feedtest"
)

func TestEcosystem(t *testing.T) {
	for product, want := range map[string]string{
		"SUSE Linux Enterprise Server 15 SP5":                          "rpm/sles/15.5",
		"SUSE Linux Enterprise Server 15":                              "rpm/sles/15",
		"SUSE Linux Enterprise Server 16.0":                            "rpm/sles/16.0",
		"SUSE Linux Enterprise Module for Basesystem 15 SP4":           "rpm/sles/15.4",
		"SUSE Linux Enterprise Module for Web and Scripting 12":        "rpm/sles/12",
		"SUSE Linux Enterprise High Availability Extension 12 SP5":     "rpm/sles/12.5",
		"SUSE Linux Enterprise Server 12 SP2-LTSS":                     "rpm/sles-ltss/12.2",
		"SUSE Linux Enterprise Server 11 SP4 LTSS":                     "rpm/sles-ltss/11.4",
		"SUSE Linux Enterprise Server 15-LTSS":                         "rpm/sles-ltss/15",
		"SUSE Linux Enterprise Server 12 SP2-BCL":                      "rpm/sles-bcl/12.2",
		"SUSE Linux Enterprise Server for SAP Applications 15 SP1":     "rpm/sles-sap/15.1",
		"SUSE Linux Enterprise High Performance Computing 12 SP5":      "rpm/sle-hpc/12.5",
		"SUSE Linux Enterprise High Performance Computing 15 SP1-LTSS": "",
		"SUSE Linux Enterprise Server 11 SP1-TERADATA":                 "",
		"SUSE Linux Enterprise Server Teradata 12 SP3":                 "",
		"SUSE Linux Enterprise Micro 5.5":                              "rpm/sle-micro/5.5",
		"SUSE Linux Micro 6.0":                                         "rpm/sle-micro/6.0",
		"openSUSE Leap 15.5":                                           "rpm/leap/15.5",
		"openSUSE Leap Micro 5.2":                                      "rpm/leap-micro/5.2",
		"openSUSE Tumbleweed":                                          "rpm/tumbleweed",
		"openSUSE 13.2":                                                "rpm/opensuse/13.2",
		"SUSE Manager Server 4.2":                                      "",
		"Container suse/sle15:15.0":                                    "",
		"":                                                             "",
	} {
		if got := Ecosystem(product); got != want {
			t.Errorf("Ecosystem(%q) = %q; want %q", product, got, want)
		}
	}
}

func TestStatements(t *testing.T) {
	const server = "SUSE Linux Enterprise Server 15 SP5"
	var s statements
	s.add(server, "libgtk-3-0", "known_affected", harrier.StatusAffected, "")
	s.add(server, "samba-winbind-libs-32bit", "known_not_affected", harrier.StatusAffected, "component_not_present")
	s.add(server, "ctdb-4.19.2+git.322-150500.1.1", "recommended", harrier.StatusAffected, "")
	s.add(server, "bind", "under_investigation", harrier.StatusAffected, "")
	s.add(server, "libwebkit2gtk-4.1-0-2.46.0-150500.4.9.1.x86_64", "known_affected", harrier.StatusWillNotFix, "")
	s.add(server, "no-version", "fixed", harrier.StatusAffected, "")
	s.add("SUSE Manager Server 4.2", "bind", "known_affected", harrier.StatusAffected, "")
	got, err := s.affected(nil, "SUSE-SU-1")
	if err == nil || !strings.Contains(err.Error(), "1 builds") {
		t.Errorf("fault %v; want one build without a version", err)
	}
	want := map[string]harrier.Status{
		"bind": harrier.StatusUnknown, "ctdb": harrier.StatusAffected, "libgtk-3-0": harrier.StatusAffected,
		"libwebkit2gtk-4.1-0": harrier.StatusWillNotFix, "samba-winbind-libs-32bit": harrier.StatusNotAffected,
	}
	for _, a := range got {
		if status, ok := want[a.Package.Name]; !ok || a.Status != status || a.Package.Ecosystem != "rpm/sles/15.5" || a.Advisory != "SUSE-SU-1" {
			t.Errorf("%+v; want %v", a, status)
		}
		delete(want, a.Package.Name)
		if a.Package.Name == "ctdb" && (a.Fixed != "4.19.2+git.322-150500.1.1" || a.Otherwise != harrier.StatusNotAffected) {
			t.Errorf("ctdb: %+v", a)
		}
	}
	if len(want) > 0 {
		t.Errorf("nothing said of %v", want)
	}
}

func TestSamples(t *testing.T) {
	for folder, want := range map[string]struct{ files, records, faults int }{
		"suse/csaf/":                    {3, 62, 0},
		"suse/csaf_vex/":                {2, 1, 0}, // one is about nothing
		"suse/cvrf/":                    {3, 62, 0},
		"suse/cvrf_cve/happy/":          {3, 3, 0},
		"suse/cvrf_cve/unexpected-eof/": {3, 1, 2}, // one breaks off, one has an id of the year 1234
	} {
		got, n := feedtest.Play(t, Format, feedtest.Files(t, "vendor-samples", folder))
		if n != want.files || len(got.Records) != want.records || len(got.Faults) != want.faults {
			t.Errorf("%s: %d files gave %d records, faults %v; want %+v", folder, n, len(got.Records), got.Faults, want)
		}
		for _, want := range []struct{ id, ecosystem, name, fixed string }{
			{"CVE-2023-5568", "rpm/tumbleweed", "ctdb", "4.19.2+git.322.7e9201cef5-1.1"},
			{"CVE-2023-5568", "rpm/sles/15.5", "samba", ""},
			{"CVE-2022-41160", "rpm/leap/15.3", "freerdp", "2.1.2-150200.15.18.1"},
			{"SUSE-SU-2015:0011-2/CVE-2012-1667", "rpm/sles-ltss/11.2", "bind", "9.9.4P2-0.6.1"},
		} {
			there := false
			for _, r := range got.Records {
				there = there || r.ID == want.id
			}
			if a := feedtest.Find(got.Records, want.id, want.ecosystem, want.name); there && (len(a) != 1 || a[0].Fixed != want.fixed || want.fixed == "" && a[0].Status != harrier.StatusNotAffected) {
				t.Errorf("%s: %s on %s = %+v; want %q", want.id, want.name, want.ecosystem, a, want.fixed)
			}
		}
	}
}

const small = `<cvrfdoc xmlns="x"><DocumentTitle>T</DocumentTitle><DocumentTracking><Identification><ID>SUSE CVE-2098-1</ID></Identification></DocumentTracking>
<ProductTree><Branch><FullProductName ProductID="p">openSUSE Leap 15.5</FullProductName></Branch><FullProductName ProductID="a-1-1">a-1-1</FullProductName>
<Relationship ProductReference="a-1-1" RelatesToProductReference="p"><FullProductName ProductID="p:a-1-1">x</FullProductName></Relationship></ProductTree>
<Vulnerability><CVE>CVE-2098-1000</CVE><ProductStatuses><Status Type="Fixed"><ProductID>p:a-1-1</ProductID></Status></ProductStatuses></Vulnerability></cvrfdoc>`

func FuzzCVRF(f *testing.F) {
	f.Add(small)
	f.Add(strings.Repeat("<a>", 100))
	feedtest.Fuzz(f, Format, "cvrf-x.xml")
}

func FuzzEcosystem(f *testing.F) {
	f.Add("SUSE Linux Enterprise Module for Basesystem 15 SP4")
	f.Add("SUSE Linux Enterprise Server 12 SP2-LTSS")
	f.Fuzz(func(t *testing.T, s string) {
		if e := Ecosystem(s); e != "" && (strings.Count(e, "/") > 2 || strings.ContainsAny(e, " \t")) {
			t.Errorf("Ecosystem(%q) = %q", s, e)
		}
	})
}

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/content"
	"github.com/harrier-scan/harrier/internal/feed"
)

// smallBase writes a content base about nginx and the kernel of Debian 12.
func smallBase(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "base")
	b, err := content.NewBuilder(path, content.Options{})
	if err != nil {
		t.Fatal(err)
	}
	b.Describe(content.Info{Version: "content-test", Sources: []content.Source{{Name: "debian", Class: feed.Distribution}}})
	for _, c := range []struct {
		id, pkg, fixed, severity string
		score                    float64
	}{
		{"CVE-2024-1001", "nginx", "1.22.1-9+deb12u2", "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", 9.8},
		{"CVE-2024-1002", "nginx", "1.22.1-9+deb12u1", "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", 9.8},
		{"CVE-2024-1003", "nginx", "", "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:L", 5.3},
		{"CVE-2024-2001", "linux", "6.1.90-1", "CVSS:3.1/AV:L/AC:L/PR:L/UI:N/S:U/C:H/I:H/A:H", 7.8},
		{"CVE-2024-2002", "linux", "6.1.200-1", "CVSS:3.1/AV:L/AC:L/PR:L/UI:N/S:U/C:H/I:H/A:H", 7.8},
	} {
		a := harrier.Affected{Package: harrier.Package{Ecosystem: "deb/debian/12", Name: c.pkg}, Status: harrier.StatusWillNotFix}
		if c.fixed != "" {
			a.Status, a.Otherwise, a.Ranges, a.Advisory = harrier.StatusAffected, harrier.StatusNotAffected, []harrier.Range{{Before: c.fixed}}, "DSA-1-1"
		}
		r := harrier.Record{Source: "debian", ID: c.id, CVEs: []string{c.id}, Affected: []harrier.Affected{a}, Scores: []harrier.Score{{Version: "3.1", Vector: c.severity, Base: c.score}}}
		if err := b.Add(feed.Distribution, &r); err != nil {
			t.Fatal(err)
		}
	}
	if err := b.Finish(content.Info{Version: "content-test"}); err != nil {
		t.Fatal(err)
	}
	return path
}

const machine = "nginx-light\t1.22.1-9+deb12u1\tall\tnginx\t1.22.1-9+deb12u1\tinstalled\n" +
	"linux-image-6.1.0-18-amd64\t6.1.76-1\tamd64\tlinux-signed-amd64\t6.1.76+1\tinstalled\n" +
	"linux-image-6.1.0-21-amd64\t6.1.90-1\tamd64\tlinux-signed-amd64\t6.1.90+1\tinstalled\n" +
	"linux-image-amd64\t6.1.90-1\tamd64\tlinux-signed-amd64\t6.1.90+1\tinstalled\n" +
	"linux-libc-dev\t6.1.76-1\tamd64\tlinux\t6.1.76-1\tinstalled\n"

func runMatch(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	code = run(context.Background(), append([]string{"match"}, args...), &out, &errs)
	return code, out.String(), errs.String()
}

func file(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestMatchPackages(t *testing.T) {
	base, list := smallBase(t), file(t, "packages", machine)
	for _, c := range []struct {
		name string
		args []string
		want []string // package, installed, vulnerability, status
	}{
		{"the old kernel runs", []string{"--running-kernel", "6.1.0-18-amd64"}, []string{
			"nginx 1.22.1-9+deb12u1 CVE-2024-1001 affected", "linux 6.1.76-1 CVE-2024-2001 restart needed", "linux 6.1.76-1 CVE-2024-2002 affected", "nginx 1.22.1-9+deb12u1 CVE-2024-1003 will not fix",
		}},
		{"the new kernel runs", []string{"--running-kernel", "6.1.0-21-amd64"}, []string{
			"nginx 1.22.1-9+deb12u1 CVE-2024-1001 affected", "linux 6.1.90-1 CVE-2024-2002 affected", "nginx 1.22.1-9+deb12u1 CVE-2024-1003 will not fix",
		}},
	} {
		code, out, errs := runMatch(t, append([]string{"--packages", list, "--content", base, "--distro", "debian:12", "--json"}, c.args...)...)
		if code != 0 {
			t.Fatalf("%s: exit %d: %s", c.name, code, errs)
		}
		var m matched
		if err := json.Unmarshal([]byte(out), &m); err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, f := range m.Findings {
			got = append(got, strings.Join([]string{f.Package, f.Installed, f.Vulnerability, f.Status}, " "))
			if f.Source != "debian" || len(f.Reasons) == 0 {
				t.Errorf("%s: %+v has no source or no reason", c.name, f)
			}
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, diff)
		}
		if m.Distro != "debian" || m.Release != "12" || m.Content != "content-test" || m.Packages != 5 || m.Known != 5 {
			t.Errorf("%s: %+v", c.name, m)
		}
	}
}

func TestMatchTable(t *testing.T) {
	base := smallBase(t)
	inv := file(t, "inventory.json", `{"distro":"debian","release":"12","packages":[{"name":"nginx","version":"1.22.1-9"}],"needs_restart":["nginx","cron"]}`)
	code, out, errs := runMatch(t, "--packages", inv, "--content", base, "--fail-on", "critical")
	if code != 2 || !strings.Contains(errs, "critical") {
		t.Errorf("exit %d, %q; want 2 and the severity", code, errs)
	}
	for _, want := range []string{
		"PACKAGE  INSTALLED   VULNERABILITY  SEVERITY  FIXED             SOURCE  ADVISORY  STATUS\n",
		"nginx    1.22.1-9    CVE-2024-1001  critical  1.22.1-9+deb12u2  debian  DSA-1-1   affected",
		"nginx    1.22.1-9    CVE-2024-1003  medium    -                 debian  -         will not fix",
		"1 packages of debian 12, 3 findings, content content-test", "restart what uses: nginx, cron",
	} {
		if !strings.Contains(strings.Join(strings.Fields(out), " "), strings.Join(strings.Fields(want), " ")) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
	if code, _, errs := runMatch(t, "--packages", file(t, "clean", "nginx\t1.22.1-9+deb12u9\n"), "--content", base, "--fail-on", "high", "--distro", "debian:12"); code != 0 {
		t.Errorf("nothing grave is found, and the exit is %d: %s", code, errs)
	}
}

func TestMatchRefuses(t *testing.T) {
	base, list := smallBase(t), file(t, "packages", "a\t1.0-1\nb\t2.0-1\n")
	for name, c := range map[string]struct {
		args []string
		want string
	}{
		"no distribution":      {[]string{"--packages", list, "--content", base}, "--os-release or --distro"},
		"unknown":              {[]string{"--packages", list, "--content", base, "--distro", "plan9:4"}, "not known"},
		"no list":              {[]string{"--packages", file(t, "x", "some prose\n"), "--content", base}, "not a list of packages"},
		"no file":              {[]string{"--packages", "no/such/file", "--content", base}, "no such file"},
		"no content":           {[]string{"--packages", list, "--content", t.TempDir(), "--distro", "debian:12"}, "feed update"},
		"content is no base":   {[]string{"--packages", list, "--content", list, "--distro", "debian:12"}, "no content base"},
		"os-release of nobody": {[]string{"--packages", list, "--content", base, "--os-release", file(t, "os", "ID=plan9\n")}, "not known"},
	} {
		if code, out, errs := runMatch(t, c.args...); code != 1 || !strings.Contains(errs, c.want) || out != "" {
			t.Errorf("%s: exit %d, %q, %q; want 1 and %q", name, code, out, errs, c.want)
		}
	}
	code, out, errs := runMatch(t, "--packages", list, "--content", base, "--os-release", file(t, "os", "ID=debian\nVERSION_ID=\"12\"\n"))
	if code != 0 || !strings.Contains(out, "says nothing about any") {
		t.Errorf("packages that nobody speaks of: exit %d, %q, %s", code, out, errs)
	}
}

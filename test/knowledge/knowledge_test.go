// Package knowledge follows content on its way through the real program: from
// files of publishers to a signed pack, into the data folder of a console that
// runs, and on to findings of a host that was scanned before and is not asked
// again.
package knowledge

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/harrier-scan/harrier/test/console"
)

const (
	host   = "127.0.0.61"
	banner = "SSH-2.0-OpenSSH_8.4p1 Debian-5+deb11u3\r\n"
	// flaw is made up: NVD says that every OpenSSH before 9.9 has it, and later
	// Debian says that its own never had.
	flaw      = "CVE-2026-90001"
	later     = "CVE-2026-90002" // likewise, of another day
	patience  = 20 * time.Second // for what takes a second or two
	interrupt = 6                // imports that are killed
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestKnowledge(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a console and scans")
	}
	h := &harness{t: t, bin: console.Build(t), data: t.TempDir(), ssh: serveSSH(t)}
	con := h.start()
	t.Cleanup(func() { con.Kill() })
	h.api.SignIn("admin", con.Password())
	scan := h.scan()

	publisher := t.TempDir()
	h.must(h.run("feed", "trust", "--data", h.data, strings.TrimSpace(h.must(h.run("feed", "key", "--data", publisher)))))
	first := h.pack(publisher, nvd(flaw), "")
	second := h.pack(publisher, nvd(flaw), debian(flaw))
	third := h.pack(publisher, nvd(flaw, later), debian(flaw))

	found, asked, flight := h.results(scan), h.ssh.asked(), h.flight()
	if !strings.Contains(flight, host) {
		t.Errorf("the flight record of the scan says\n%s", flight)
	}
	h.must(h.run("feed", "import", "pack", "--data", h.data, first))
	h.await(flaw, "from the knowledge")
	if now := h.flight(); h.ssh.asked() != asked || now != flight {
		t.Errorf("the host was asked %d times, and %d before the import; the flight record says\n%s\nand said\n%s", h.ssh.asked(), asked, now, flight)
	}
	if now := h.results(scan); now != found { // what a scan found stays what it found
		t.Errorf("the results of the scan are now\n%s\nand were\n%s", now, found)
	}

	h.must(h.run("feed", "import", "pack", "--data", h.data, second))
	h.await(flaw, ", NV by ") // not vulnerable any more
	if out := h.must(h.run("explain", "--data", h.data, flaw, "--host", host)); !strings.Contains(out, "absent, not affected, by debian") {
		t.Errorf("why it is not found any more:\n%s", out)
	}
	h.refused("an older pack", "older", first)
	h.refused("a pack that was changed", "", tampered(t, third))
	h.refused("a pack of nobody who is trusted", "trust", h.pack(t.TempDir(), nvd(later), ""))
	inForce := h.status()
	con.Kill()
	con = h.start()
	h.api.Do(http.MethodGet, "/server/status", nil, nil)
	if now := h.status(); now != inForce {
		t.Errorf("after a restart in force is\n%s\nand before\n%s", now, inForce)
	}
	h.await(flaw, ", NV by ")

	h.killImports(third)
	h.await(later, "from the knowledge")
	if out := h.must(h.run("explain", "--data", h.data, "CVE-2021-23017", "--host", host)); strings.Contains(out, "finding ") || !strings.Contains(out, "nothing of that is seen on the host") {
		t.Errorf("why a vulnerability of nginx is not found:\n%s", out)
	}
	if h.ssh.asked() != asked {
		t.Errorf("the host was asked %d times, %d of them by the scan", h.ssh.asked(), asked)
	}
}

// killImports kills imports of a pack amid their work, and wants content that
// is whole after each; then it lets one end.
func (h *harness) killImports(file string) {
	h.t.Helper()
	seed := rand.Uint64()
	rng := rand.New(rand.NewPCG(seed, 1))
	amid := 0
	for range interrupt {
		p := console.Start(h.t, h.bin, "feed", "import", "pack", "--data", h.data, file)
		time.Sleep(time.Duration(20+rng.IntN(180)) * time.Millisecond)
		p.Kill()
		if p.Output() == "" {
			amid++
		}
		if out, err := h.run("feed", "status", "--data", h.data); err != nil || !strings.Contains(out, "nvd") {
			h.t.Errorf("after an import was killed (seed %d): %v\n%s", seed, err, out)
		}
	}
	h.t.Logf("%d of %d imports were killed amid their work (seed %d)", amid, interrupt, seed)
	_, _ = h.run("feed", "import", "pack", "--data", h.data, file) // one that was killed can have been through with it
}

// tampered is a copy of a pack with one bit of its middle changed.
func tampered(t *testing.T, file string) string {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	b[len(b)/2] ^= 1
	out := filepath.Join(t.TempDir(), "tampered.pack")
	if err := os.WriteFile(out, b, 0o600); err != nil {
		t.Fatal(err)
	}
	return out
}

// nvd is a feed of NVD with made-up flaws of OpenSSH.
func nvd(cves ...string) string {
	var list []string
	for _, cve := range cves {
		list = append(list, fmt.Sprintf(`{"cve":{"id":%q,"published":"2026-01-02T00:00:00.000","lastModified":"2026-01-02T00:00:00.000","vulnStatus":"Analyzed",
			"descriptions":[{"lang":"en","value":"It is made up."}],
			"metrics":{"cvssMetricV31":[{"source":"nvd@nist.gov","type":"Primary","cvssData":{"version":"3.1","vectorString":"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H","baseScore":9.8}}]},
			"configurations":[{"nodes":[{"operator":"OR","negate":false,"cpeMatch":[
				{"vulnerable":true,"criteria":"cpe:2.3:a:openbsd:openssh:*:*:*:*:*:*:*:*","versionEndExcluding":"9.9","matchCriteriaId":"0"}]}]}]}}`, cve))
	}
	return `{"format":"NVD_CVE","version":"2.0","vulnerabilities":[` + strings.Join(list, ",") + `]}`
}

// debian is what Debian's tracker says of a flaw that its OpenSSH never had.
func debian(cve string) string {
	return fmt.Sprintf(`{"openssh":{%q:{"description":"It is made up.","scope":"remote","releases":{"bullseye":{"status":"resolved","fixed_version":"0","urgency":"unimportant"}}}}}`, cve)
}

package apiv3

import (
	"bytes"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/harrier-scan/harrier/internal/needs"
	"github.com/harrier-scan/harrier/test/console"
)

type client struct {
	t          *testing.T
	http       *http.Client
	url        string
	name, pass string
}

// do sends a request and decodes the answer into a struct that must have every
// member of it.
func (c *client) do(method, path string, status int, body, to any) http.Header {
	c.t.Helper()
	text, err := json.Marshal(body)
	if err != nil {
		c.t.Fatal(err)
	}
	var from io.Reader
	if body != nil {
		from = bytes.NewReader(text)
	}
	r, err := http.NewRequestWithContext(c.t.Context(), method, c.url+path, from)
	if err != nil {
		c.t.Fatal(err)
	}
	r.SetBasicAuth(c.name, c.pass)
	r.Header.Set("Content-Type", "application/json")
	res, err := c.http.Do(r)
	if err != nil {
		c.t.Fatal(err)
	}
	defer res.Body.Close()
	text, err = io.ReadAll(res.Body)
	if err != nil || res.StatusCode != status {
		c.t.Fatalf("%s %s = %d %s, %v; want %d", method, path, res.StatusCode, text, err, status)
	}
	if to != nil {
		d := json.NewDecoder(bytes.NewReader(text))
		d.DisallowUnknownFields()
		if err := d.Decode(to); err != nil {
			c.t.Fatalf("%s %s: %v\n%s", method, path, err, text)
		}
	}
	return res.Header
}

type links []struct {
	Href, Rel string
	ID        any
}

type made struct {
	ID    int
	Links links
}

type pageInfo struct{ Number, Size, TotalResources, TotalPages int }

type scan struct {
	ID, SiteID, EngineID, Assets                                                                       int
	ScanName, Status, StartTime, EndTime, Duration, EngineName, ScanType, StartedBy, SiteName, Message string
	Vulnerabilities                                                                                    struct{ Critical, Severe, Moderate, Total int }
	Links                                                                                              links
}

type finding struct {
	ID, Status, Since string
	Instances         int
	Results           []struct {
		Status, Proof, Protocol, Key, CheckID, Since string
		Port                                         int
		Exceptions                                   []int
		Links                                        links
	}
	Links links
}

type assetPage struct {
	Resources []struct {
		ID        int
		IP        string
		Type      string
		RiskScore float64
		RawRisk   float64 `json:"rawRiskScore"`
		Mac       string
		HostName  string
		OS        string
		Policies  bool `json:"assessedForPolicies"`
		Assessed  bool `json:"assessedForVulnerabilities"`
		Counts    struct {
			Critical, Severe, Moderate, Total, Exploits, MalwareKits int
		} `json:"vulnerabilities"`
		Links links
	}
	Page  pageInfo
	Links links
}

// start runs a console and hosts to scan: small web servers on addresses of
// their own.
func start(t *testing.T) (*client, string, []string) {
	t.Helper()
	var hosts []string
	port := ""
	for i := range 3 {
		var lc net.ListenConfig
		addr := fmt.Sprintf("127.79.0.%d", i+1)
		if port == "" {
			port = "0"
		}
		l, err := lc.Listen(t.Context(), "tcp", addr+":"+port)
		if err != nil {
			t.Fatal(err)
		}
		_, port, _ = net.SplitHostPort(l.Addr().String()) // it is one
		s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Server", "nginx/1.18.0")
			_, _ = io.WriteString(w, "<html><head><title>lab</title></head></html>")
		}))
		_ = s.Listener.Close() // it has another
		s.Listener = l
		s.Start()
		t.Cleanup(s.Close)
		hosts = append(hosts, addr)
	}
	bin, addr := console.Build(t), console.FreeAddr(t)
	p := console.Start(t, bin, "serve", "--data", filepath.Join(t.TempDir(), "data"), "--listen", addr)
	t.Cleanup(func() {
		if !p.Stop(30 * time.Second) {
			t.Errorf("the console did not stop in good order:\n%s", p.Output())
		}
	})
	c := &client{t: t, url: "https://" + addr + "/api/3", name: "admin", pass: p.Password()}
	c.http = &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}} //nolint:gosec // the console's own authority
	t.Cleanup(c.http.CloseIdleConnections)
	n := console.Dial(t, addr)
	n.SignIn("admin", p.Password())
	n.CreateScan("of the Nessus API", strings.Join(hosts, ","), port)
	return c, port, hosts
}

func TestClients(t *testing.T) {
	c, _, hosts := start(t)
	t.Run("strict", func(t *testing.T) { strict(t, c, hosts) })
	t.Run("rapid7vmconsole", func(t *testing.T) { published(t, c, hosts) })
}

// strict runs the site that the Nessus API made: start, poll, walk, accept.
func strict(t *testing.T, c *client, hosts []string) {
	o := *c
	o.t = t
	c = &o
	var sites struct {
		Resources []struct {
			ID   int
			Name string
		}
	}
	c.doLoose("/sites", &sites)
	if len(sites.Resources) != 1 || sites.Resources[0].Name != "of the Nessus API" {
		t.Fatalf("sites: %+v", sites)
	}
	site := sites.Resources[0].ID
	var m made
	c.do("POST", fmt.Sprintf("/sites/%d/scans", site), 201, map[string]any{}, &m)
	for end := time.Now().Add(2 * time.Minute); ; time.Sleep(200 * time.Millisecond) {
		var s scan
		c.do("GET", fmt.Sprintf("/scans/%d", m.ID), 200, nil, &s)
		if s.Status == "finished" {
			if s.Assets != len(hosts) || s.Vulnerabilities.Total < 1 {
				t.Errorf("the scan found %+v", s)
			}
			break
		}
		if s.Status != "running" && s.Status != "dispatched" || time.Now().After(end) {
			t.Fatalf("the scan is %q", s.Status)
		}
	}
	seen := 0
	for number := 0; ; number++ {
		var p assetPage
		c.do("GET", fmt.Sprintf("/sites/%d/assets?size=1&view=summary&sort=ip&page=%d", site, number), 200, nil, &p)
		if p.Page.TotalPages != len(hosts) || p.Resources[0].IP != hosts[number] || p.Resources[0].Counts.Total < 1 || !p.Resources[0].Assessed {
			t.Errorf("page %d: %+v", number, p)
		}
		var f struct {
			Resources []finding
			Page      pageInfo
			Links     links
		}
		c.do("GET", fmt.Sprintf("/assets/%d/vulnerabilities?size=500", p.Resources[0].ID), 200, nil, &f)
		instances := 0
		for _, one := range f.Resources {
			instances += one.Instances
		}
		if instances != p.Resources[0].Counts.Total {
			t.Errorf("asset %s has %d findings, and counts %d", p.Resources[0].IP, instances, p.Resources[0].Counts.Total)
		}
		if seen++; number+1 == p.Page.TotalPages {
			break
		}
	}
	c.do("GET", fmt.Sprintf("/sites/%d/assets?size=1&page=%d", site, seen), 404, nil, nil)
}

// doLoose reads what the caller wants of an answer.
func (c *client) doLoose(path string, to any) {
	c.t.Helper()
	var raw json.RawMessage
	c.do("GET", path, 200, nil, &raw)
	if err := json.Unmarshal(raw, to); err != nil {
		c.t.Fatal(err)
	}
}

// published lets the published client do the same and more.
func published(t *testing.T, c *client, hosts []string) {
	root, err := filepath.Abs("../../..")
	if err != nil {
		t.Fatal(err)
	}
	python := needs.Binary(t, filepath.Join(root, ".cache/python/bin/python"), "python3-venv, then run scripts/setup-test.sh")
	cmd := exec.CommandContext(t.Context(), python, "testdata/walk.py")
	cmd.Env = append(os.Environ(), "PYTHONWARNINGS=ignore", "PYTHONDONTWRITEBYTECODE=1", "HARRIER_URL="+strings.TrimSuffix(c.url, "/api/3"),
		"HARRIER_USER="+c.name, "HARRIER_PASSWORD="+c.pass, "HARRIER_TARGETS="+strings.Join(hosts, ","))
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	t.Logf("%s", out)
}

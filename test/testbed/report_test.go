package testbed

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/test/console"
)

// report is what the testbed reads of a scan in JSON.
type report struct {
	Scan struct {
		Status string `json:"status"`
		Hosts  struct {
			Planned int `json:"planned"`
			Alive   int `json:"alive"`
		} `json:"hosts"`
		Coverage harrier.Totals `json:"coverage"`
	} `json:"scan"`
	Hosts []struct {
		Address  string    `json:"address"`
		Alive    bool      `json:"alive"`
		Services []service `json:"services"`
		Findings []finding `json:"findings"`
	} `json:"hosts"`
	wall time.Duration
}

// endpoint is a port as the report writes it.
type endpoint struct {
	Port     uint16           `json:"port"`
	Protocol harrier.Protocol `json:"protocol"`
}

type service struct {
	endpoint
	Name    string `json:"name"`
	TLS     bool   `json:"tls"`
	Product string `json:"product"`
	Version string `json:"version"`
	CPE     string `json:"cpe"`
}

type finding struct {
	endpoint
	Vulnerability harrier.VulnID `json:"vulnerability"`
	Name          string         `json:"name"`
	Severity      string         `json:"severity"`
	Key           string         `json:"key"`
	Source        string         `json:"source"`
}

// scanner runs the real program in the scanner's namespace.
type scanner struct {
	bin       string
	network   Network
	authority string
	policy    string
}

// policy is what the testbed scans with: flawed sign-ins are only found by
// trying them, and on a machine with other work fifty servers are slow to
// answer, which is not what is tested.
const policy = `{"settings":{"guess_logins":true,"udp":true,"read_timeout":"10s"}}`

func newScanner(t *testing.T, network Network, authority string) scanner {
	t.Helper()
	s := scanner{console.Build(t), network, authority, filepath.Join(t.TempDir(), "policy.json")}
	if err := os.WriteFile(s.policy, []byte(policy), 0o600); err != nil {
		t.Fatal(err)
	}
	return s
}

// scan runs one scan to its end.
func (s scanner) scan(t *testing.T, args ...string) report {
	t.Helper()
	out := filepath.Join(t.TempDir(), "scan.json")
	args = append([]string{"scan", "--format", "json", "--output", out, "--progress", "never", "--policy", s.policy}, args...)
	cmd := Command(t.Context(), s.network.Scanner, s.bin, args...)
	cmd.Env = append(os.Environ(), "SSL_CERT_FILE="+s.authority)
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &said
	began := time.Now()
	if err := cmd.Run(); err != nil {
		t.Fatalf("harrier %v: %v\n%s", args, err, said.Bytes())
	}
	b, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	var r report
	if err := json.Unmarshal(b, &r); err != nil {
		t.Fatalf("harrier %v wrote no JSON: %v", args, err)
	}
	r.wall = time.Since(began)
	if c := r.Scan.Coverage; r.Scan.Status != "completed" || c.Planned != c.Clean+c.Vulnerable+c.Skipped+c.Failed {
		t.Errorf("the scan is %q with coverage %+v; want it completed and its parts to add up", r.Scan.Status, c)
	}
	return r
}

// services lists what was told open, by place.
func (r report) services() map[place]service {
	m := map[place]service{}
	for _, h := range r.Hosts {
		for _, s := range h.Services {
			m[s.at(h.Address)] = s
		}
	}
	return m
}

// findings lists all findings of any kind.
func (r report) findings() map[found]finding {
	m := map[found]finding{}
	for _, h := range r.Hosts {
		for _, f := range h.Findings {
			m[found{f.at(h.Address), f.Vulnerability, f.Key}] = f
		}
	}
	return m
}

// place is an endpoint of a host.
type place struct {
	addr string
	harrier.Endpoint
}

func (e endpoint) at(addr string) place {
	return place{addr, harrier.Endpoint{Protocol: e.Protocol, Port: e.Port}}
}

func (p place) String() string { return p.addr + " " + p.Endpoint.String() }

// found identifies a finding.
type found struct {
	place
	vulnerability harrier.VulnID
	key           string
}

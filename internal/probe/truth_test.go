package probe_test

import (
	"encoding/csv"
	"net/netip"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/stage/identify"
)

// names by which a service may be told, where the truth table has another.
var otherNames = map[string][]string{
	"domain": {"dns"}, "microsoft-ds": {"smb"}, "netbios-ssn": {"smb"}, "ipp": {"http"}, "beanstalk": {"beanstalkd"},
}

// TestTruth identifies the services of a truth table at one address and counts
// what was right. The table has columns port, proto, tls, service, package,
// package_version, product, version, cpe23, version_reach; what does not listen
// counts as missed. Set HARRIER_TRUTH to the table, HARRIER_TRUTH_ADDR to the
// address.
func TestTruth(t *testing.T) {
	path := os.Getenv("HARRIER_TRUTH")
	if path == "" {
		t.Skip("HARRIER_TRUTH names no table")
	}
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	table := csv.NewReader(f)
	table.Comma = '\t'
	rows, err := table.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var open []harrier.Endpoint
	for _, row := range rows[1:] {
		port, _ := strconv.Atoi(row[0])
		open = append(open, harrier.Endpoint{Protocol: harrier.Protocol(row[1]), Port: uint16(port)})
	}
	got := map[harrier.Endpoint]harrier.Service{}
	began := time.Now()
	host := harrier.Host{Addr: netip.MustParseAddr(os.Getenv("HARRIER_TRUTH_ADDR")), RTT: 200}
	host, err = identify.Host(t.Context(), host, open, identify.Options{Parallel: 64}, func(s harrier.Service) {
		got[s.Endpoint] = s
		t.Logf("%5.2fs %s %s tls=%v %q %q", time.Since(began).Seconds(), s.Endpoint, s.Name, s.TLS, s.Product, s.Version)
	})
	if err != nil {
		t.Fatal(err)
	}
	wall := time.Since(began)
	names, products, versions, reachable, wrong := 0, 0, 0, 0, 0
	for i, row := range rows[1:] {
		s := got[open[i]]
		if s.Name == row[3] || slices.Contains(otherNames[row[3]], s.Name) {
			names++
		} else {
			t.Logf("%s: named %q, truth %q", open[i], s.Name, row[3])
		}
		if strings.EqualFold(s.Product, row[6]) {
			products++
		} else {
			t.Logf("%s: product %q, truth %q", open[i], s.Product, row[6])
		}
		full := row[9] == "banner" || row[9] == "probe"
		if full {
			reachable++
		}
		switch {
		case s.Version == row[7]:
			versions++
		case s.Version != "":
			wrong++
			t.Errorf("%s: version %q, truth %q", open[i], s.Version, row[7])
		case full:
			t.Logf("%s: no version, truth %q (%s)", open[i], row[7], row[9])
		}
		if s.Version != "" && row[8] != "-" && s.CPE != row[8] {
			t.Logf("%s: CPE %s, truth %s", open[i], s.CPE, row[8])
		}
	}
	t.Logf("%d endpoints: names %d, products %d, versions %d (of %d to be had), wrong versions %d, wall %.2fs, host OS %q", len(open), names, products, versions, reachable, wrong, wall.Seconds(), host.OS)
}

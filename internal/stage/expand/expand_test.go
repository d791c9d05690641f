package expand_test

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/netio"
	"github.com/harrier-scan/harrier/internal/stage/expand"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// zone answers look-ups from a table.
type zone map[string]string

func (z zone) LookupNetIP(_ context.Context, _, host string) ([]netip.Addr, error) {
	if z[host] == "" {
		return nil, &net.DNSError{Err: "no such host", Name: host, IsNotFound: true}
	}
	var out []netip.Addr
	for a := range strings.SplitSeq(z[host], " ") {
		out = append(out, netip.MustParseAddr(a))
	}
	return out, nil
}

var names = zone{
	"one.example": "2001:db8::1 192.0.2.1 192.0.2.2", "six.example": "2001:db8::6", "mapped.example": "::ffff:192.0.2.7",
	"never.example": "203.0.113.9", "twin.example": "192.0.2.1",
}

func run(t *testing.T, targets, exclude string, all bool) (hosts, refused []string) {
	t.Helper()
	parse := func(s string) harrier.Targets {
		if s == "" {
			return nil
		}
		ts, err := harrier.ParseTargets(s)
		if err != nil {
			t.Fatal(err)
		}
		return ts
	}
	guard := harrier.Guard{Never: []netip.Prefix{netip.MustParsePrefix("203.0.113.0/24")}}
	plan := expand.Plan{
		Targets: parse(targets), Exclude: parse(exclude), AllAddresses: all, Resolver: names,
		Forbidden: netio.New(guard, parse(exclude), netio.Pace{}).Forbidden,
	}
	err := expand.Run(t.Context(), plan, func(_ context.Context, h expand.Host) error {
		hosts = append(hosts, h.Key())
		return nil
	}, func(t harrier.Target, reason string) { refused = append(refused, t.String()+": "+reason) })
	if err != nil {
		t.Fatalf("Run(%q) = %v", targets, err)
	}
	slices.Sort(hosts)
	slices.Sort(refused)
	return hosts, refused
}

func TestRun(t *testing.T) {
	for _, test := range []struct {
		targets, exclude string
		all              bool
		hosts, refused   []string
	}{
		{targets: "192.0.2.1-3,192.0.2.2-4", hosts: []string{"192.0.2.1|192.0.2.1", "192.0.2.2|192.0.2.2", "192.0.2.3|192.0.2.3", "192.0.2.4|192.0.2.4"}},
		{targets: "one.example", hosts: []string{"one.example|192.0.2.1"}},
		{targets: "one.example", all: true, hosts: []string{"one.example|192.0.2.1", "one.example|192.0.2.2", "one.example|2001:db8::1"}},
		{targets: "six.example,mapped.example", hosts: []string{"mapped.example|192.0.2.7", "six.example|2001:db8::6"}},
		{targets: "one.example,twin.example,192.0.2.1", hosts: []string{"192.0.2.1|192.0.2.1", "one.example|192.0.2.1", "twin.example|192.0.2.1"}},
		{targets: "shop[192.0.2.9],shop[192.0.2.9],one.example,one.example[192.0.2.1]", hosts: []string{"one.example|192.0.2.1", "shop|192.0.2.9"}},
		{targets: "one.example/31", hosts: []string{"192.0.2.0|192.0.2.0", "192.0.2.1|192.0.2.1"}},
		{targets: "nowhere.example", refused: []string{"nowhere.example: the name does not resolve"}},
		{targets: "never.example", refused: []string{"never.example[203.0.113.9]: 203.0.113.9 must never be scanned"}},
		{targets: "203.0.113.1,shop[203.0.113.2]", refused: []string{"203.0.113.1: 203.0.113.1 must never be scanned", "shop[203.0.113.2]: 203.0.113.2 must never be scanned"}},
		{targets: "192.0.2.1-3", exclude: "192.0.2.2", hosts: []string{"192.0.2.1|192.0.2.1", "192.0.2.3|192.0.2.3"}, refused: []string{"192.0.2.2: 192.0.2.2 is excluded from the scan"}},
		{targets: "192.0.2.1-2,six.example", exclude: "twin.example,six.example", hosts: []string{"192.0.2.2|192.0.2.2"}, refused: []string{"192.0.2.1: excluded from the scan", "six.example: excluded from the scan"}},
	} {
		hosts, refused := run(t, test.targets, test.exclude, test.all)
		if diff := cmp.Diff(test.hosts, hosts); diff != "" {
			t.Errorf("Run(%q without %q): hosts (-want +got):\n%s", test.targets, test.exclude, diff)
		}
		if diff := cmp.Diff(test.refused, refused); diff != "" {
			t.Errorf("Run(%q without %q): refused (-want +got):\n%s", test.targets, test.exclude, diff)
		}
	}
}

// Hosts come one by one: a huge range neither waits nor takes memory, and the
// taker's error ends it.
func TestRunStreams(t *testing.T) {
	targets, err := harrier.ParseTargets("10.0.0.0/8")
	if err != nil {
		t.Fatal(err)
	}
	full, n := errors.New("enough"), 0
	err = expand.Run(t.Context(), expand.Plan{Targets: targets, Resolver: names, Forbidden: func(netip.Addr) error { return nil }},
		func(context.Context, expand.Host) error {
			if n++; n == 1000 {
				return full
			}
			return nil
		}, nil)
	if !errors.Is(err, full) || n != 1000 {
		t.Errorf("Run = %v after %d hosts; want %v after 1000", err, n, full)
	}
}

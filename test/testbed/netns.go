// Package testbed puts real servers into a network namespace of its own, scans
// them from another one, and compares what was found with the truth.
//
// All traffic stays between the two namespaces, which have no other link:
//
//	scanner 10.78.0.1 ── veth ── 10.78.0.2 target, 10.77.0.0/16 local
package testbed

import (
	"context"
	"encoding/json"
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/harrier-scan/harrier/internal/needs"
)

// Network is a pair of namespaces joined by a link.
type Network struct {
	Scanner string // names of the namespaces
	Target  string
}

// NewNetwork makes the namespaces; they go with the test. The addresses of
// hosts are also put on an interface, which some servers want. It skips the
// test where namespaces can't be had.
func NewNetwork(t *testing.T, hosts ...netip.Addr) Network {
	t.Helper()
	needs.Root(t)
	needs.Binary(t, "ip", "iproute2")
	needs.Binary(t, "ethtool", "ethtool")
	needs.Binary(t, "nft", "nftables")
	id := os.Getpid()
	n := Network{Scanner: fmt.Sprintf("hrs%d", id), Target: fmt.Sprintf("hrt%d", id)}
	if out, err := exec.CommandContext(t.Context(), "ip", "netns", "add", n.Scanner).CombinedOutput(); err != nil {
		if os.Getenv(needs.CI) != "" {
			t.Fatalf("no network namespace can be made: %v: %s", err, out)
		}
		t.Skipf("no network namespace can be made: %v: %s", err, out)
	}
	t.Cleanup(n.remove)
	lines := []string{
		"ip netns add " + n.Target,
		"ip link add hrs0 netns " + n.Scanner + " type veth peer name hrt0 netns " + n.Target,
		"ip -n " + n.Scanner + " link set lo up",
		"ip -n " + n.Target + " link set lo up",
		"ip -n " + n.Scanner + " addr add 10.78.0.1/24 dev hrs0",
		"ip -n " + n.Target + " addr add 10.78.0.2/24 dev hrt0",
		"ip -n " + n.Scanner + " link set hrs0 up",
		"ip -n " + n.Target + " link set hrt0 up",
		"ip netns exec " + n.Scanner + " ethtool -K hrs0 tx off",
		"ip netns exec " + n.Target + " ethtool -K hrt0 tx off",
		"ip -n " + n.Target + " route add local 10.77.0.0/16 dev lo",
		"ip -n " + n.Scanner + " route add 10.77.0.0/16 via 10.78.0.2",
	}
	for _, h := range hosts {
		lines = append(lines, "ip -n "+n.Target+" addr add "+h.String()+"/32 dev lo")
	}
	for _, line := range lines {
		args := strings.Fields(line)
		if out, err := exec.CommandContext(t.Context(), args[0], args[1:]...).CombinedOutput(); err != nil {
			t.Fatalf("%s: %v: %s", line, err, out)
		}
	}
	return n
}

// remove takes the namespaces away; what ran in them was ended before.
func (n Network) remove() {
	for _, ns := range []string{n.Scanner, n.Target} {
		_ = exec.CommandContext(context.Background(), "ip", "netns", "del", ns).Run() // gone already is fine
	}
}

// Filter puts rules in place of table, an nftables table "inet" of the target;
// empty rules take the table away.
func (n Network) Filter(t *testing.T, table, rules string) {
	t.Helper()
	text := "table inet " + table + "\ndelete table inet " + table + "\n"
	if rules != "" {
		text += "table inet " + table + " {\n" + rules + "\n}\n"
	}
	cmd := Command(t.Context(), n.Target, "nft", "-f", "-")
	cmd.Stdin = strings.NewReader(text)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("nft: %v: %s\n%s", err, out, text)
	}
}

// Packets returns the packets of the named counters of table, see Filter.
func (n Network) Packets(t *testing.T, table string) map[string]int {
	t.Helper()
	out, err := Command(t.Context(), n.Target, "nft", "-j", "list", "counters", "table", "inet", table).Output()
	if err != nil {
		t.Fatalf("nft list counters: %v", err)
	}
	var list struct {
		Nftables []struct {
			Counter *struct {
				Name    string `json:"name"`
				Packets int    `json:"packets"`
			} `json:"counter"`
		} `json:"nftables"`
	}
	if err := json.Unmarshal(out, &list); err != nil {
		t.Fatalf("nft list counters: %v\n%s", err, out)
	}
	packets := map[string]int{}
	for _, o := range list.Nftables {
		if o.Counter != nil {
			packets[o.Counter.Name] = o.Counter.Packets
		}
	}
	return packets
}

// Command returns a command that will run in namespace ns.
func Command(ctx context.Context, ns, name string, args ...string) *exec.Cmd {
	return exec.CommandContext(ctx, "ip", append([]string{"netns", "exec", ns, name}, args...)...)
}

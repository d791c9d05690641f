package main

import (
	"bufio"
	"fmt"
	"net/netip"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/harrier-scan/harrier/test/netbed"
)

// job is one scan as a program is asked for it.
type job struct {
	scenario
	list string // the ports
	out  string // the file for results
}

// peer is a program that finds open ports.
type peer struct {
	name    string
	program string // its file; "" for this program
	args    func(j job) []string
	read    func(j job) (map[netip.AddrPort]bool, error)
	trickle bool // it waits for libpcap's ring, see netbed.Bed.Trickle
}

// harrierName is the one that the others are compared with.
const harrierName = "harrier"

// peers lists them all. Every program runs as its users run it when they want
// it fast and complete; what a single option spoils is said beside it.
func peers(extra []string) []peer {
	at := func(list func(string) (map[netip.AddrPort]bool, error)) func(job) (map[netip.AddrPort]bool, error) {
		return func(j job) (map[netip.AddrPort]bool, error) { return list(j.out) }
	}
	return []peer{
		{harrierName, "", func(j job) []string {
			more := slices.Clone(extra)
			if j.connect {
				more = append(more, "--connect")
			}
			return netbed.ScanArgs(j.targets.String(), j.list, j.out, more...)
		}, at(netbed.ReadList), false},
		{"bare", "", func(j job) []string {
			return []string{"bare", "-net", j.targets.String(), "-ports", j.list, "-o", j.out}
		}, at(netbed.ReadList), false},
		{nmapT5, "nmap", nmapArgs("-sS", "-T5", "--min-hostgroup", "256"), at(readNmap), false},
		{nmap, "nmap", nmapArgs("-sS"), at(readNmap), false},
		{nmapST, "nmap", nmapArgs("-sT", "-T5", "--min-hostgroup", "256"), at(readNmap), false},
		// At its default of 100 frames a second it would need hours.
		{"masscan", "masscan", func(j job) []string {
			source := netbed.ScannerAddr
			if j.targets.Addr().Is6() {
				source = netbed.ScannerAddr6
			}
			return []string{
				"--range", j.targets.String(), "-p" + j.list, "--rate", "10000000", "--wait", "1", "--adapter", netbed.ScannerInterface,
				"--adapter-ip", source.String(), "--router-mac", netbed.TargetMAC, "--router-mac-ipv6", netbed.TargetMAC, "--open-only", "-oL", j.out,
			}
		}, at(readMasscan), true},
		{"zmap", "zmap", zmapArgs(), readZmap, true},
		{"zmap-head", "zmap-head", zmapArgs("-f", "saddr,sport", "--output-filter=success = 1 && repeat = 0", "--no-header-row", "-T", "1"), readZmap, true},
		// At its default of 1,000 frames a second it would need minutes.
		{"naabu", "naabu", naabuArgs("-s", "s", "-i", netbed.ScannerInterface, "-rate", "100000", "-c", "100", "-warm-up-time", "1"), at(netbed.ReadList), true},
		{"naabu -s c", "naabu", naabuArgs("-s", "c", "-rate", "50000", "-c", "1000", "-timeout", "500ms"), at(netbed.ReadList), false},
	}
}

func nmapArgs(how ...string) func(job) []string {
	return func(j job) []string {
		args := append([]string{"-n", "-Pn", "-p", j.list, "-oG", j.out}, how...)
		if j.targets.Addr().Is6() {
			args = append(args, "-6")
		}
		return append(args, j.targets.String())
	}
}

func zmapArgs(more ...string) func(job) []string {
	return func(j job) []string {
		args := []string{
			"-p", j.list, "-i", netbed.ScannerInterface, "-G", netbed.TargetMAC, "-S", netbed.ScannerAddr.String(), "-q", "-v", "0",
			"-B", "10G", "-c", "1", "-C", "/dev/null", "-b", "/dev/null", "-o", j.out,
		}
		return append(append(args, more...), j.targets.String())
	}
}

func naabuArgs(how ...string) func(job) []string {
	return func(j job) []string {
		return append([]string{"-host", j.targets.String(), "-p", j.list, "-Pn", "-silent", "-duc", "-no-stdin", "-retries", "1", "-o", j.out}, how...)
	}
}

// readNmap reads grepable output: "Host: 10.0.0.1 ()	Ports: 22/open/tcp//ssh///, …".
func readNmap(file string) (map[netip.AddrPort]bool, error) {
	return readLines(file, func(line string, found func(addr, port string)) {
		host, rest, ok := strings.Cut(line, "Ports: ")
		fields := strings.Fields(host)
		if !ok || len(fields) < 2 || fields[0] != "Host:" {
			return
		}
		rest, _, _ = strings.Cut(rest, "\t")
		for item := range strings.SplitSeq(rest, ",") {
			if parts := strings.Split(strings.TrimSpace(item), "/"); len(parts) > 2 && parts[1] == "open" && parts[2] == "tcp" {
				found(fields[1], parts[0])
			}
		}
	})
}

// readMasscan reads its list format: "open tcp 22 10.0.0.1 1700000000". It
// writes the IPv6 address fd77:: as "fd77:".
func readMasscan(file string) (map[netip.AddrPort]bool, error) {
	return readLines(file, func(line string, found func(addr, port string)) {
		if f := strings.Fields(line); len(f) > 3 && f[0] == "open" && f[1] == "tcp" {
			addr := f[3]
			if strings.HasSuffix(addr, ":") && !strings.HasSuffix(addr, "::") {
				addr += ":"
			}
			found(addr, f[2])
		}
	})
}

// readZmap reads addresses, each with a port behind a comma when several ports
// were asked.
func readZmap(j job) (map[netip.AddrPort]bool, error) {
	return readLines(j.out, func(line string, found func(addr, port string)) {
		addr, port, _ := strings.Cut(line, ",")
		if addr == "saddr" {
			return
		}
		if port == "" {
			port = j.list
		}
		found(addr, port)
	})
}

func readLines(file string, read func(line string, found func(addr, port string))) (map[netip.AddrPort]bool, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	all := map[netip.AddrPort]bool{}
	var bad error
	in := bufio.NewScanner(f)
	in.Buffer(nil, 4<<20) // nmap writes a line for each host
	for in.Scan() {
		read(in.Text(), func(addr, port string) {
			a, err := netip.ParseAddr(addr)
			p, err2 := strconv.ParseUint(port, 10, 16)
			if err != nil || err2 != nil {
				bad = fmt.Errorf("%s: %q is no result", file, in.Text())
				return
			}
			all[netip.AddrPortFrom(a, uint16(p))] = true
		})
	}
	if err := in.Err(); err != nil {
		return nil, err
	}
	return all, bad
}

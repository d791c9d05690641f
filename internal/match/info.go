package match

import (
	"cmp"
	"fmt"
	"runtime"
	"strconv"
	"strings"
	"time"

	"github.com/harrier-scan/harrier"
)

// scanInformation is the output of 19506.
//
// Source: nessus-api.md, section 13.5. Readers look for the labels, for the
// separator " : " and for the end of the line after the scanner's address.
func scanInformation(c Context, h harrier.Host, services []harrier.Service) string {
	set := c.Scan.Plan.Settings
	started, ended := h.Started, h.Ended
	if started.IsZero() {
		started = c.Scan.Started
	}
	if ended.IsZero() {
		ended = c.Now
	}
	var b strings.Builder
	b.WriteString("Information about this scan : \n\n")
	for _, line := range [][2]string{
		{"Nessus version", cmp.Or(c.Version, "0")},
		{"Nessus build", cmp.Or(c.Version, "0")},
		{"Plugin feed version", Content},
		{"Scanner edition used", "Harrier"},
		{"Scanner OS", osName(runtime.GOOS)},
		{"Scanner distribution", runtime.GOOS + "-" + runtime.GOARCH},
		{"Scan type", "Normal"},
		{"Scan name", c.Scan.Name},
		{"Scan policy used", c.Scan.PolicyName},
		{"Scanner IP", scannerIP(c)},
		{"Port scanner(s)", portScanner(h, set) + " "},
		{"Port range", cmp.Or(set.Ports, "default")},
		{"Ping RTT", rtt(h.RTT)},
		{"Thorough tests", "no"},
		{"Experimental tests", "no"},
		{"Scan for Unpatched Vulnerabilities", "no"},
		{"Plugin debugging enabled", "no"},
		{"Paranoia level", paranoia(set)},
		{"Report verbosity", "1"},
		{"Safe checks", yesNo(!set.Unsafe)},
		{"Optimize the test", "yes"},
		{"Credentialed checks", "no"},
		{"Patch management checks", "None"},
		{"Display superseded patches", "yes (no patches were listed)"},
		{"CGI scanning", "disabled"},
		{"Web application tests", "disabled"},
		{"Max hosts", strconv.Itoa(cmp.Or(set.MaxHosts, 64))},
		{"Max checks", strconv.Itoa(cmp.Or(set.MaxChecks, 8))},
		{"Recv timeout", strconv.Itoa(int(set.ReadTimeout.Or(5*time.Second).Seconds() + 0.5))},
		{"Backports", backports(services)},
		{"Allow post-scan editing", "Yes"},
		{"Nessus Plugin Signature Checking", "Disabled"},
		{"Audit File Signature Checking", "Disabled"},
		{"Scan Start Date", started.UTC().Format("2006/1/2 15:04") + " UTC (UTC +00:00)"},
		{"Scan duration", fmt.Sprintf("%d sec", max(0, int(ended.Sub(started).Seconds()+0.5)))},
		{"Scan for malware", "no"},
	} {
		fmt.Fprintf(&b, "%s : %s\n", line[0], line[1])
	}
	return b.String()
}

// portScanner names how the ports of the host were found, as clients know it.
func portScanner(h harrier.Host, set harrier.Settings) string {
	switch {
	case set.NoTCP && set.UDP:
		return "nessus_udp_scanner"
	case h.Raw:
		return "nessus_syn_scanner"
	}
	return "nessus_tcp_scanner"
}

// scannerIP is the engine's address; 0.0.0.0 stands for one that is not known,
// since readers want an address there.
func scannerIP(c Context) string {
	if !c.Scanner.IsValid() {
		return "0.0.0.0"
	}
	return c.Scanner.Unmap().String()
}

func osName(goos string) string {
	if goos == "" {
		return "UNKNOWN"
	}
	return strings.ToUpper(goos[:1]) + goos[1:]
}

func rtt(micros int64) string {
	if micros <= 0 {
		return "Unavailable"
	}
	return fmt.Sprintf("%.3f ms", float64(micros)/1000)
}

func paranoia(set harrier.Settings) string {
	switch {
	case set.Paranoid:
		return "2"
	case set.NoPotential:
		return "0"
	}
	return "1"
}

func yesNo(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

// backports tells whether a banner shows a distribution that mends old
// versions without a new number.
func backports(services []harrier.Service) string {
	for _, s := range services {
		if distribution(s) != "" {
			return "Detected"
		}
	}
	return "None"
}

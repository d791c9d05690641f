package nessus

import (
	"encoding/json"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/format"
)

// clock is how host tags write an instant.
const clock = "Mon Jan _2 15:04:05 2006"

// properties writes the host tags: each name once, none empty.
//
// Source: nessus-api.md, section 15.3.
func (e *encoder) properties(h format.Host) {
	start, end := e.times(h)
	e.raw("<HostProperties>\n")
	e.tag("HOST_END", end.In(e.zone).Format(clock))
	e.tag("HOST_END_TIMESTAMP", unix(end))
	credentialed := strconv.FormatBool(signedIn(h))
	if h.Alive {
		e.tag(map[string]string{"true": "LastAuthenticatedResults", "false": "LastUnauthenticatedResults"}[credentialed], unix(end))
	} else {
		e.tag("dead_host", "1")
	}
	e.tag("Credentialed_Scan", credentialed)
	e.tag("policy-used", e.scan.Scan.PolicyName)
	e.products(h)
	e.system(h)
	e.names(h)
	e.route(h)
	e.tag("HOST_START_TIMESTAMP", unix(start))
	e.tag("HOST_START", start.In(e.zone).Format(clock))
	e.raw("</HostProperties>\n")
}

// times says when the host was begun and ended; while that is not known, the
// scan's own times stand in.
func (e *encoder) times(h format.Host) (start, end time.Time) {
	sc := e.scan.Scan
	start = firstTime(h.Started, sc.Started, sc.Created)
	end = firstTime(h.Ended, sc.Ended, sc.Modified)
	if end.Before(start) {
		end = start
	}
	return start, end
}

func firstTime(times ...time.Time) time.Time {
	for _, t := range times {
		if !t.IsZero() {
			return t
		}
	}
	return time.Unix(0, 0)
}

func unix(t time.Time) string { return strconv.FormatInt(t.Unix(), 10) }

// signedIn reports whether the scan information of the host says that checks
// ran with credentials.
func signedIn(h format.Host) bool {
	for _, r := range h.Results {
		if r.Vulnerability != scanInformation {
			continue
		}
		if _, after, found := strings.Cut(r.Evidence, "Credentialed checks : "); found {
			return strings.HasPrefix(after, "yes")
		}
	}
	return false
}

const scanInformation harrier.VulnID = 19506

func (e *encoder) products(h format.Host) {
	list := format.CPEs(h)
	if len(list) == 0 {
		return
	}
	if strings.HasPrefix(list[0], "cpe:/o:") {
		e.tag("cpe", list[0])
	}
	for i, cpe := range list {
		e.tag("cpe-"+strconv.Itoa(i), cpe)
	}
}

// route writes the stations of the way to the host.
func (e *encoder) route(h format.Host) {
	for i, hop := range h.Route {
		at := "?"
		if hop.Addr.IsValid() {
			at = hop.Addr.WithZone("").String()
		}
		e.tag("traceroute-hop-"+strconv.Itoa(i), at)
	}
}

func (e *encoder) system(h format.Host) {
	e.tag("system-type", h.DeviceType)
	if h.OS == "" {
		return
	}
	e.tag("operating-system", h.OS)
	e.tag("operating-system-conf", strconv.Itoa(h.OSConfidence))
	e.tag("operating-system-method", h.OSMethod)
	e.tag("os", osKind(h.OS))
}

// osKind returns which of the four words of the format fits an operating
// system.
func osKind(os string) string {
	lower := strings.ToLower(os)
	for _, k := range []struct{ word, kind string }{
		{"windows", "windows"},
		{"linux", "linux"},
		{"debian", "linux"},
		{"ubuntu", "linux"},
		{"red hat", "linux"},
		{"centos", "linux"},
		{"fedora", "linux"},
		{"suse", "linux"},
		{"mac os", "mac"},
		{"macos", "mac"},
		{"darwin", "mac"},
	} {
		if strings.Contains(lower, k.word) {
			return k.kind
		}
	}
	return "other"
}

func (e *encoder) names(h format.Host) {
	e.tag("bios-uuid", h.Hardware)
	e.tag("mac-address", macs(h.MAC))
	e.tag("netbios-name", h.NetBIOS)
	fqdn := h.FQDN
	if _, err := netip.ParseAddr(h.Name); fqdn == "" && err != nil {
		fqdn = h.Name
	}
	if fqdn != "" {
		e.tag("host-fqdn", fqdn)
		e.tag("host-rdns", h.FQDN)
		e.tag("host-fqdns", fqdns(fqdn))
	}
	if h.Addr.IsValid() {
		e.tag("host-ip", h.Addr.String())
	} else {
		e.tag("host-ip", h.Name)
	}
}

// macs writes addresses one on a line, upper case, as readers match them.
func macs(s string) string {
	return strings.ToUpper(strings.Join(strings.FieldsFunc(s, func(r rune) bool { return r == ',' || r == ' ' || r == '\n' }), "\n"))
}

func fqdns(name string) string {
	text, err := json.Marshal([]struct {
		FQDN    string   `json:"FQDN"`
		Sources []string `json:"sources"`
	}{{name, []string{"get_host_fqdn()"}}})
	if err != nil {
		return ""
	}
	return string(text)
}

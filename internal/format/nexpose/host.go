package nexpose

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/format"
)

// place is an open port with the service behind it and what was found there.
type place struct {
	harrier.Service
	results []format.Result
}

// split divides the findings of a host into those of the host itself and those
// of its open ports. Every port that is known to be open is there, and every one
// that has a finding.
func split(h format.Host) (own []format.Result, places []place) {
	at := map[harrier.Endpoint]int{}
	add := func(sv harrier.Service) int {
		i, found := at[sv.Endpoint]
		if !found {
			i = len(places)
			at[sv.Endpoint] = i
			places = append(places, place{Service: sv})
		}
		return i
	}
	for _, sv := range format.OpenServices(h) {
		if listens(sv.Endpoint) {
			add(sv)
		}
	}
	for _, r := range h.Ordered() {
		switch told := Told(r); {
		case !listens(r.Endpoint) && told:
			own = append(own, r)
		case listens(r.Endpoint):
			i := add(harrier.Service{Endpoint: r.Endpoint, Name: r.Service})
			if told {
				places[i].results = append(places[i].results, r)
			}
		}
	}
	slices.SortStableFunc(places, func(a, b place) int { return a.Compare(b.Endpoint) })
	return own, places
}

func listens(e harrier.Endpoint) bool {
	return e.Port != 0 && (e.Protocol == harrier.TCP || e.Protocol == harrier.UDP)
}

// address is where the host is; what it is called where that is not known.
func address(h format.Host) string {
	if h.Addr.IsValid() {
		return h.Addr.WithZone("").String()
	}
	return h.Title()
}

// hardware is a MAC address as twelve digits; "" for anything else, which
// strict readers refuse.
func hardware(mac string) string {
	s := strings.ToUpper(strings.NewReplacer(":", "", "-", "", ".", "").Replace(mac))
	if len(s) != 12 || strings.Trim(s, "0123456789ABCDEF") != "" {
		return ""
	}
	return s
}

// system is an operating system, or software, in the words of the files.
type system struct{ certainty, class, vendor, family, product, version, arch, cpe string }

// systemOf is what is known of the host's operating system; false when nothing
// is.
func systemOf(h format.Host) (system, bool) {
	if h.OS == "" {
		return system{}, false
	}
	p := harrier.PartsOfOS(h.OS, h.OSCPE, h.DeviceType)
	return system{
		certainty: strconv.FormatFloat(float64(min(max(h.OSConfidence, 0), 100))/100, 'f', 2, 64),
		class:     p.Type, vendor: p.Vendor, family: p.Family, product: p.Name, version: p.Version, arch: p.Architecture, cpe: h.OSCPE,
	}, true
}

// softwareOf is a product in the words of the files.
func softwareOf(product, version, cpe string, c harrier.Certainty) system {
	family, _, _ := strings.Cut(strings.TrimSpace(product), " ")
	return system{
		certainty: [...]string{"0.50", "0.75", "1.00"}[min(c, harrier.Certain)],
		vendor:    harrier.MakerOf(product, cpe), family: family, product: product, version: version, cpe: cpe,
	}
}

// setting is one thing that is known of how a service is set up.
type setting struct{ name, value string }

// settingsOf lists what is known of a service, by name.
//
// Source: section 12.1.
func settingsOf(s harrier.Service) []setting {
	var out []setting
	add := func(name, value string) {
		if value != "" {
			out = append(out, setting{name, value})
		}
	}
	if s.Banner != "" {
		add(cmp.Or(s.Name, "service")+".banner", s.Banner)
	}
	for name, value := range s.Facts {
		add(name, value)
	}
	if s.TLS {
		add("ssl", "true")
	}
	if len(s.Certificates) > 0 {
		c := s.Certificates[0]
		add("ssl.cert.subject.dn", c.Subject)
		add("ssl.cert.issuer.dn", c.Issuer)
		add("ssl.cert.serial.number", c.Serial)
		add("ssl.cert.not.valid.before", Stamp(c.NotBefore))
		add("ssl.cert.not.valid.after", Stamp(c.NotAfter))
		add("ssl.cert.sig.alg.name", c.Signature)
		add("ssl.cert.key.alg.name", c.Key)
		add("ssl.cert.selfsigned", strconv.FormatBool(c.Subject == c.Issuer))
		if c.Key == "RSA" {
			add("ssl.cert.key.rsa.modulusBits", strconv.Itoa(c.KeyBits))
		}
	}
	slices.SortStableFunc(out, func(a, b setting) int { return cmp.Compare(a.name, b.name) })
	return slices.CompactFunc(out, func(a, b setting) bool { return a.name == b.name })
}

// importance is what an asset of that importance, in percent, is called.
func importance(percent int) string { return cmp.Or(harrier.CriticalityOf(percent), "Normal") }

// scanOf is the scan that a host was seen by.
func scanOf(s format.Scan, h format.Host) harrier.Scan {
	for _, sc := range s.Scans {
		if sc.ID == h.Scan {
			return sc
		}
	}
	return s.Scan
}

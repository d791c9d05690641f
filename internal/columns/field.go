package columns

import (
	"bytes"
	"slices"
	"sort"

	"github.com/harrier-scan/harrier"
)

// The fields are those that the store searches by, under the same names.

// vulnFields are the fields of findings that their vulnerability tells. One
// without a definition has no value there.
var vulnFields = map[string]func(v *View, d *vuln, t *test) bool{
	"vulnerability": func(_ *View, d *vuln, t *test) bool { return t.integer(int64(d.id)) },
	"name":          func(_ *View, d *vuln, t *test) bool { return d.defined && t.text(d.name) },
	"family":        func(_ *View, d *vuln, t *test) bool { return d.defined && t.text(d.family) },
	"slug":          func(_ *View, d *vuln, t *test) bool { return d.defined && t.text(d.slug) },
	"cvss2":         func(_ *View, d *vuln, t *test) bool { return d.defined && t.float(d.cvss2) },
	"cvss3":         func(_ *View, d *vuln, t *test) bool { return d.defined && t.float(d.cvss3) },
	"epss":          func(_ *View, d *vuln, t *test) bool { return d.defined && t.float(d.epss) },
	"exploited":     func(_ *View, d *vuln, t *test) bool { return d.defined && t.bool(d.exploited) },
	"exploit":       func(_ *View, d *vuln, t *test) bool { return d.defined && t.bool(d.exploit) },
	"published":     func(_ *View, d *vuln, t *test) bool { return d.defined && t.integer(d.published) },
	"cve":           (*View).hasCVE,
}

func (v *View) hasCVE(d *vuln, t *test) bool {
	for _, c := range d.cves {
		if t.text(v.cves.list[c]) {
			return true
		}
	}
	return false
}

// placeFields are the fields of findings that many share.
var placeFields = map[string]func(p *place, t *test) bool{
	"protocol":  func(p *place, t *test) bool { return t.text(p.protocol) },
	"port":      func(p *place, t *test) bool { return t.integer(int64(p.port)) },
	"service":   func(p *place, t *test) bool { return t.text(p.service) },
	"source":    func(p *place, t *test) bool { return t.text(p.source) },
	"certainty": func(p *place, t *test) bool { return t.integer(int64(p.certainty)) },
	"origin":    func(p *place, t *test) bool { return t.text(harrier.Origin(p.origin).String()) },
}

// assetFields are the fields of assets, and of findings but for onlyAssets.
var assetFields = map[string]func(a *asset, t *test) bool{
	"id":            func(a *asset, t *test) bool { return t.integer(int64(a.id)) },
	"repository":    func(a *asset, t *test) bool { return t.integer(a.repository) },
	"address":       func(a *asset, t *test) bool { return t.text(a.address()) },
	"uuid":          func(a *asset, t *test) bool { return t.text(a.uuid.String()) },
	"fqdn":          func(a *asset, t *test) bool { return t.text(a.fqdn) },
	"netbios":       func(a *asset, t *test) bool { return t.text(a.netbios) },
	"mac":           func(a *asset, t *test) bool { return t.text(a.mac) },
	"os":            func(a *asset, t *test) bool { return t.text(a.os) },
	"os_confidence": func(a *asset, t *test) bool { return t.integer(int64(a.osConfidence)) },
	"device_type":   func(a *asset, t *test) bool { return t.text(a.deviceType) },
	"first_seen":    func(a *asset, t *test) bool { return t.integer(a.firstSeen) },
	"last_seen":     func(a *asset, t *test) bool { return t.integer(a.lastSeen) },
	"last_scan":     func(a *asset, t *test) bool { return t.integer(a.lastScan) },
	"info":          func(a *asset, t *test) bool { return t.integer(int64(a.open[harrier.Info])) },
	"low":           func(a *asset, t *test) bool { return t.integer(int64(a.open[harrier.Low])) },
	"medium":        func(a *asset, t *test) bool { return t.integer(int64(a.open[harrier.Medium])) },
	"high":          func(a *asset, t *test) bool { return t.integer(int64(a.open[harrier.High])) },
	"critical":      func(a *asset, t *test) bool { return t.integer(int64(a.open[harrier.Critical])) },
	"importance":    func(a *asset, t *test) bool { return t.integer(int64(a.importance)) },
	"criticality":   func(a *asset, t *test) bool { return t.text(harrier.CriticalityOf(a.importance)) },
	"total":         func(a *asset, t *test) bool { return t.integer(int64(a.total())) },
	"risk":          func(a *asset, t *test) bool { return t.float(a.risk()) },
	"assessed":      func(a *asset, t *test) bool { return t.bool(a.lastScan > 0) },

	"assessed_for_policies": func(_ *asset, t *test) bool { return t.bool(false) },

	"host": func(a *asset, t *test) bool {
		for _, n := range a.names {
			if t.text(n) {
				return true
			}
		}
		return false
	},
}

// onlyAssets are fields that findings have not, or of their own.
var onlyAssets = map[string]bool{
	"id": true, "os_confidence": true, "device_type": true, "first_seen": true, "last_seen": true, "last_scan": true,
	"info": true, "low": true, "medium": true, "high": true, "critical": true,
	"importance": true, "criticality": true, "total": true, "risk": true, "assessed": true, "assessed_for_policies": true,
}

// total counts the open findings that are more than facts.
func (a *asset) total() uint32 { return a.open[1] + a.open[2] + a.open[3] + a.open[4] }

func (a *asset) risk() float64 {
	h := harrier.Asset{Importance: a.importance}
	for i, n := range a.open {
		h.Open[i] = int(n)
	}
	return h.RiskScore()
}

// serviceFields are the fields of assets that one of their services tells.
var serviceFields = map[string]func(s *serviceKey, t *test) bool{
	"port":     func(s *serviceKey, t *test) bool { return t.integer(int64(s.port)) },
	"protocol": func(s *serviceKey, t *test) bool { return t.text(s.protocol) },
	"service":  func(s *serviceKey, t *test) bool { return t.text(s.name) },
	"product":  func(s *serviceKey, t *test) bool { return t.text(s.product) },
	"version":  func(s *serviceKey, t *test) bool { return t.text(s.version) },
	"cpe":      func(s *serviceKey, t *test) bool { return t.text(s.cpe) },
}

// ofAsset returns what a comparison says of an asset; Ne and Lacks like their
// opposites.
func ofAsset(field func(a *asset, t *test) bool, c harrier.Cmp) (func(*asset) bool, error) {
	if c.Op != harrier.In {
		t := newTest(c)
		return func(a *asset) bool { return field(a, t) }, nil
	}
	var ranges [][2][16]byte
	for _, value := range c.Values {
		s, _ := value.(string)
		first, last, ok := harrier.ParseRange(s)
		if !ok || c.Field != "address" {
			return nil, ErrUnknown
		}
		ranges = append(ranges, [2][16]byte{first.As16(), last.As16()})
	}
	ranges = apart(ranges)
	return func(a *asset) bool {
		at, ok := a.key()
		if !ok {
			return false
		}
		n := sort.Search(len(ranges), func(i int) bool { return bytes.Compare(at[:], ranges[i][1][:]) <= 0 })
		return n < len(ranges) && bytes.Compare(ranges[n][0][:], at[:]) <= 0
	}, nil
}

// apart returns ranges in order, those that overlap as one.
func apart(list [][2][16]byte) [][2][16]byte {
	slices.SortFunc(list, func(a, b [2][16]byte) int { return bytes.Compare(a[0][:], b[0][:]) })
	out := list[:0]
	for _, r := range list {
		if n := len(out); n > 0 && bytes.Compare(r[0][:], out[n-1][1][:]) <= 0 {
			if bytes.Compare(out[n-1][1][:], r[1][:]) < 0 {
				out[n-1][1] = r[1]
			}
			continue
		}
		out = append(out, r)
	}
	return out
}

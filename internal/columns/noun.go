package columns

import (
	"cmp"
	"encoding/binary"
	"net/netip"
	"slices"

	"github.com/harrier-scan/harrier"
)

// asset is what searches and sums ask of an asset.
type asset struct {
	id                                 uint32
	repository                         int64
	uuid                               harrier.UUID
	addr                               netip.Addr
	mac, fqdn, netbios, os, deviceType string
	names                              []string
	osConfidence                       int
	importance                         int
	firstSeen, lastSeen                int64
	lastScan                           int64
	services                           []uint32
	open                               [harrier.Severities]uint32
}

// key is the address as it is sorted by and compared with ranges; false for
// none, which comes first.
func (a *asset) key() ([16]byte, bool) {
	if !a.addr.IsValid() {
		return [16]byte{}, false
	}
	return a.addr.As16(), true
}

func (a *asset) address() string {
	if !a.addr.IsValid() {
		return ""
	}
	return a.addr.String()
}

// PutAsset takes an asset in, or what has become of it. Its services and counts
// stay.
func (v *View) PutAsset(a *harrier.Asset) error {
	if a.ID <= 0 || a.ID > maxID {
		return ErrTooBig
	}
	id := uint32(a.ID)
	v.growAssets(id)
	n := &asset{
		id: id, repository: int64(a.Repository), uuid: a.UUID, addr: a.Addr, mac: a.MAC, fqdn: v.share(a.FQDN), netbios: a.NetBIOS,
		os: v.share(a.OS), deviceType: v.share(a.DeviceType), names: slices.Clone(a.Names), osConfidence: a.OSConfidence,
		importance: cmp.Or(a.Importance, 100), firstSeen: micros(a.FirstSeen), lastSeen: micros(a.LastSeen), lastScan: int64(a.LastScan),
	}
	was := v.assets[id]
	if was != nil {
		n.services, n.open = was.services, was.open
		n.importance = was.importance // nothing but SetImportance changes it
	} else {
		n.open = v.countOpen(id)
	}
	if was == nil || was.mac != n.mac || was.fqdn != n.fqdn || was.netbios != n.netbios || was.addr != n.addr {
		v.assetTexts++
	}
	v.assets[id] = n
	return nil
}

// SetImportance takes in how much an asset matters.
func (v *View) SetImportance(id harrier.ID, percent int) {
	if id > 0 && int(id) < len(v.assets) && v.assets[id] != nil {
		n := *v.assets[id]
		n.importance = percent
		v.assets[id] = &n
	}
}

// countOpen counts the open findings that came before their asset.
func (v *View) countOpen(id uint32) (n [harrier.Severities]uint32) {
	for _, row := range v.rows[id] {
		if s, i := v.segments[row>>segmentBits], row&segmentMask; s.open.has(i) {
			n[s.severity[i]]++
		}
	}
	return n
}

// RemoveAsset forgets an asset with its services.
func (v *View) RemoveAsset(id harrier.ID) {
	if id > 0 && int(id) < len(v.assets) {
		v.assets[id] = nil
		v.assetTexts++
	}
}

// serviceKey is what is searched by of a service.
type serviceKey struct {
	protocol                    string
	port                        uint16
	name, product, version, cpe string
}

// Service is a service of an asset.
type Service struct {
	Endpoint                    harrier.Endpoint
	Name, Product, Version, CPE string
}

// PutService takes a service of an asset in, over the one at its endpoint.
func (v *View) PutService(id harrier.ID, s Service) {
	v.RemoveService(id, s.Endpoint)
	if id > 0 && int(id) < len(v.assets) && v.assets[id] != nil {
		a := v.assets[id]
		a.services = append(a.services, v.services.code(serviceKey{
			string(s.Endpoint.Protocol), s.Endpoint.Port, s.Name, s.Product, s.Version, s.CPE,
		}))
	}
}

// RemoveService forgets the service at an endpoint.
func (v *View) RemoveService(id harrier.ID, at harrier.Endpoint) {
	if id > 0 && int(id) < len(v.assets) && v.assets[id] != nil {
		a := v.assets[id]
		a.services = slices.DeleteFunc(a.services, func(c uint32) bool {
			s := &v.services.list[c]
			return s.protocol == string(at.Protocol) && s.port == at.Port
		})
	}
}

// vuln is what searches and sums ask of a vulnerability.
type vuln struct {
	id                 harrier.VulnID
	defined            bool
	name, family, slug string
	cvss2, cvss3, epss float64
	exploited, exploit bool
	published          int64
	cves               []uint32
}

func (v *View) vulnCode(id harrier.VulnID) uint32 {
	code, ok := v.vulnAt[id]
	if !ok {
		code = uint32(len(v.vulns))
		v.vulns, v.vulnAt[id] = append(v.vulns, vuln{id: id}), code
		v.vulnTexts++
	}
	return code
}

// PutVulnerability takes a definition in, or what has become of it.
func (v *View) PutVulnerability(d *harrier.Vulnerability) {
	n := vuln{
		id: d.ID, defined: true, name: d.Name, family: v.share(d.Family), slug: d.Slug, cvss2: d.CVSS2Score, cvss3: d.CVSS3Score,
		epss: d.EPSS, exploited: d.Exploited, exploit: d.Exploit, published: micros(d.Published),
	}
	for _, c := range d.CVEs {
		if code := v.cves.code(c); !slices.Contains(n.cves, code) {
			n.cves = append(n.cves, code)
		}
	}
	at := v.vulnCode(d.ID)
	if was := v.vulns[at]; was.name != n.name || was.family != n.family || was.cvss3 != n.cvss3 || was.epss != n.epss {
		v.vulnTexts++
	}
	v.vulns[at] = n
}

// SetExceptions replaces the exceptions by all that there are, by rising ID.
func (v *View) SetExceptions(list []harrier.Exception) { v.exceptions = slices.Clone(list) }

// class returns the first n bytes of an IPv4 address; false for others.
func (a *asset) class(n int) (uint32, bool) {
	at, ok := a.key()
	if !ok || !netip.AddrFrom16(at).Is4In6() {
		return 0, false
	}
	return binary.BigEndian.Uint32(at[12:]) >> (32 - 8*n), true
}

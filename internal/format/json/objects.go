package json

import (
	"cmp"
	"time"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/format"
	"github.com/harrier-scan/harrier/internal/oui"
)

// scanObject is the scan as a whole.
type scanObject struct {
	ID        harrier.ID     `json:"id,omitempty"`
	UUID      harrier.UUID   `json:"uuid,omitzero"`
	Name      string         `json:"name,omitempty"`
	Status    string         `json:"status"`           // completed, stopped, aborted, imported; others while it goes on
	Reason    string         `json:"reason,omitempty"` // why it did not complete
	Targets   string         `json:"targets"`
	Policy    string         `json:"policy,omitempty"`
	Started   time.Time      `json:"started,omitzero"`
	Ended     time.Time      `json:"ended,omitzero"`
	Hosts     hostCounts     `json:"hosts"`
	Findings  severityCounts `json:"findings"`
	Coverage  harrier.Totals `json:"coverage"` // checks: planned = clean + vulnerable + skipped + failed
	Forbidden int            `json:"forbidden,omitempty"`
}

type hostCounts struct {
	Planned int `json:"planned"`
	Done    int `json:"done"`
	Alive   int `json:"alive"`
}

type severityCounts struct {
	Critical int `json:"critical"`
	High     int `json:"high"`
	Medium   int `json:"medium"`
	Low      int `json:"low"`
	Info     int `json:"info"`
}

// hostObject is one host: what it is, its services by endpoint, its findings by
// falling severity.
type hostObject struct {
	Name       string          `json:"name"`
	Address    string          `json:"address,omitempty"`
	Alive      bool            `json:"alive"`
	Reason     string          `json:"reason,omitempty"` // how it was seen, or why it was not asked
	FQDN       string          `json:"fqdn,omitempty"`
	NetBIOS    string          `json:"netbios,omitempty"`
	MAC        string          `json:"mac,omitempty"`
	MACVendor  string          `json:"mac_vendor,omitempty"` // whom the address is assigned to
	OS         *osObject       `json:"os,omitempty"`
	DeviceType string          `json:"device_type,omitempty"`
	Signs      []harrier.Sign  `json:"signs,omitempty"`       // what os and device_type were told by
	Route      []harrier.Hop   `json:"route,omitempty"`       // the engine first, the host last if the way was followed to its end
	Fragile    bool            `json:"fragile,omitempty"`     // scanned gently
	FragileWhy string          `json:"fragile_why,omitempty"` // what it showed itself as; absent for a guard rule
	Started    time.Time       `json:"started,omitzero"`
	Ended      time.Time       `json:"ended,omitzero"`
	CPEs       []string        `json:"cpes"`
	Services   []serviceObject `json:"services"`
	Findings   []findingObject `json:"findings"`
	Coverage   harrier.Totals  `json:"coverage"`
	// OpenFiltered are UDP ports that did not answer: open, or filtered.
	OpenFiltered []harrier.PortRange `json:"open_filtered_udp,omitempty"`
}

type osObject struct {
	Name       string `json:"name"`
	Confidence int    `json:"confidence"` // 0 to 100
	Method     string `json:"method,omitempty"`
	CPE        string `json:"cpe,omitempty"`
}

type serviceObject struct {
	Port     uint16            `json:"port"`
	Protocol harrier.Protocol  `json:"protocol"`
	Name     string            `json:"name,omitempty"` // "http" with and without TLS; absent when not recognised
	TLS      bool              `json:"tls"`
	Also     []string          `json:"also,omitempty"` // further protocols that the port answers to
	Product  string            `json:"product,omitempty"`
	Version  string            `json:"version,omitempty"`
	CPE      string            `json:"cpe,omitempty"`
	Banner   string            `json:"banner,omitempty"`
	Facts    map[string]string `json:"facts,omitempty"`
	// Technologies are what a web service is made of beside its product.
	Technologies []technologyObject `json:"technologies,omitempty"`
}

type technologyObject struct {
	Name      string `json:"name"`
	Version   string `json:"version,omitempty"`
	Category  string `json:"category,omitempty"`
	CPE       string `json:"cpe,omitempty"`
	Evidence  string `json:"evidence,omitempty"`
	Certainty string `json:"certainty"` // certain, potential, guessed
}

type findingObject struct {
	Vulnerability harrier.VulnID   `json:"vulnerability"` // number of the definition
	Name          string           `json:"name"`
	Severity      string           `json:"severity"`
	Port          uint16           `json:"port"` // 0: the host itself
	Protocol      harrier.Protocol `json:"protocol,omitempty"`
	Service       string           `json:"service,omitempty"`
	Key           string           `json:"key,omitempty"` // tells instances at one place apart
	Evidence      string           `json:"evidence,omitempty"`
	Certainty     string           `json:"certainty"` // certain, potential, guessed
	Source        string           `json:"source,omitempty"`
	At            time.Time        `json:"at,omitzero"`
}

type silentObject struct {
	Targets harrier.Target `json:"targets"`
	Count   int            `json:"count"`
	Reason  string         `json:"reason,omitempty"`
}

// vulnerabilityObject is the definition of something that was found.
type vulnerabilityObject struct {
	ID          harrier.VulnID `json:"id"`
	Slug        string         `json:"slug"`
	Name        string         `json:"name"`
	Family      string         `json:"family"`
	Severity    string         `json:"severity"`
	Synopsis    string         `json:"synopsis,omitempty"`
	Description string         `json:"description,omitempty"`
	Solution    string         `json:"solution,omitempty"`
	CVEs        []string       `json:"cves"`
	CWEs        []int          `json:"cwes"`
	References  []string       `json:"references"`
	CVSS3Vector string         `json:"cvss3_vector,omitempty"`
	CVSS3Score  float64        `json:"cvss3_score,omitempty"`
	CVSS2Vector string         `json:"cvss2_vector,omitempty"`
	CVSS2Score  float64        `json:"cvss2_score,omitempty"`
	EPSS        float64        `json:"epss,omitempty"`
	Exploited   bool           `json:"exploited"` // known to be exploited
	Exploit     bool           `json:"exploit"`   // a public exploit exists
	Published   time.Time      `json:"published,omitzero"`
}

func newScan(s format.Scan) scanObject {
	sc := s.Scan
	return scanObject{
		ID: sc.ID, UUID: sc.UUID, Name: cmp.Or(sc.Name, s.Site.Name), Status: string(sc.Status), Reason: sc.Reason, Targets: sc.Targets,
		Policy: cmp.Or(sc.PolicyName, s.Policy.Name), Started: sc.Started, Ended: sc.Ended,
		Hosts:     hostCounts{sc.HostsTotal, sc.HostsDone, sc.HostsAlive},
		Findings:  severityCounts{sc.Present[harrier.Critical], sc.Present[harrier.High], sc.Present[harrier.Medium], sc.Present[harrier.Low], sc.Present[harrier.Info]},
		Coverage:  s.Coverage,
		Forbidden: sc.Forbidden,
	}
}

func newHost(s format.Scan, h format.Host) hostObject {
	o := hostObject{
		Name: h.Title(), Alive: h.Alive, Reason: h.Reason, FQDN: h.FQDN, NetBIOS: h.NetBIOS, MAC: h.MAC, MACVendor: oui.Vendor(h.MAC), DeviceType: h.DeviceType,
		Signs: h.Signs, Route: h.Route, Fragile: h.Fragile, FragileWhy: h.FragileWhy, Started: h.Started, Ended: h.Ended, CPEs: list(format.CPEs(h)), Coverage: h.Coverage, OpenFiltered: h.OpenFiltered,
		Services: []serviceObject{}, Findings: []findingObject{},
	}
	if h.Addr.IsValid() {
		o.Address = h.Addr.String()
	}
	if h.OS != "" {
		o.OS = &osObject{h.OS, h.OSConfidence, h.OSMethod, h.OSCPE}
	}
	for _, sv := range format.OpenServices(h) {
		var made []technologyObject
		for _, t := range sv.Technologies {
			made = append(made, technologyObject{t.Name, t.Version, t.Category, t.CPE, format.Clean(t.Evidence), t.Certainty.String()})
		}
		o.Services = append(o.Services, serviceObject{sv.Port, sv.Protocol, sv.Name, sv.TLS, sv.Also, sv.Product, sv.Version, sv.CPE, sv.Banner, sv.Facts, made})
	}
	for _, r := range h.Ranked() {
		o.Findings = append(o.Findings, findingObject{
			Vulnerability: r.Vulnerability, Name: s.Lookup(r.Vulnerability).Name, Severity: r.Severity.String(), Port: r.Port, Protocol: r.Protocol,
			Service: r.Service, Key: r.Key, Evidence: format.Clean(r.Evidence), Certainty: r.Certainty.String(), Source: r.Source, At: r.At,
		})
	}
	return o
}

func newSilent(dead []harrier.Span) []silentObject {
	out := make([]silentObject, 0, len(dead))
	for _, d := range dead {
		out = append(out, silentObject{d.Target, d.Count, d.Reason})
	}
	return out
}

func newVulnerability(v harrier.Vulnerability) vulnerabilityObject {
	return vulnerabilityObject{
		ID: v.ID, Slug: v.Slug, Name: v.Name, Family: v.Family, Severity: v.Severity.String(), Synopsis: v.Synopsis, Description: v.Description,
		Solution: v.Solution, CVEs: list(v.CVEs), CWEs: list(v.CWEs), References: list(v.References), CVSS3Vector: v.CVSS3Vector, CVSS3Score: v.CVSS3Score,
		CVSS2Vector: v.CVSS2Vector, CVSS2Score: v.CVSS2Score, EPSS: v.EPSS, Exploited: v.Exploited, Exploit: v.Exploit, Published: v.Published,
	}
}

// list turns nil into an empty list, which is written as [].
func list[T any](s []T) []T {
	if s == nil {
		return []T{}
	}
	return s
}

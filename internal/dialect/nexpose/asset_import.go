package nexpose

import (
	"cmp"
	"context"
	"encoding/json"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/dialect/kit"
	formatnexpose "github.com/harrier-scan/harrier/internal/format/nexpose"
	"github.com/harrier-scan/harrier/internal/scan"
)

// outsideAsset is an asset that something else than this console has looked at.
//
// Source: section 14.4.
type outsideAsset struct {
	IP       string           `json:"ip"`
	FQDN     string           `json:"fqdn"`
	NetBIOS  string           `json:"net_bios"`
	MAC      string           `json:"mac"`
	HostType string           `json:"host_type"`
	ScanDate string           `json:"scan_date"` // see basicTime
	OS       string           `json:"os"`        // a CPE name, or words
	Services []outsideService `json:"services"`
	Flaws    []outsideFlaw    `json:"vulnerabilities"`
}

type outsideService struct {
	Name     string        `json:"name"`
	Port     kit.Int       `json:"port"`
	Protocol string        `json:"protocol"`
	Flaws    []outsideFlaw `json:"vulnerabilities"`
}

type outsideFlaw struct {
	ID     string `json:"vuln_id"`
	Status string `json:"status"`
	Key    string `json:"key"`
	Proof  string `json:"proof"`
}

// outsideResult is what became of an asset that was sent.
type outsideResult struct {
	Name  string            `json:"name"`
	ID    harrier.ID        `json:"asset_id,omitempty"`
	Asset map[string]string `json:"asset,omitempty"`
	Error string            `json:"error_message,omitempty"`
}

// importAssets takes in assets that others have looked at, as a scan of a static
// site. One that is wrong is told of and left out; the others are taken in
// together.
func (a *api) importAssets(w http.ResponseWriter, r *http.Request, by harrier.Actor) error {
	s, body, err := a.sentToSite(r, by)
	if err != nil {
		return err
	}
	var sent []outsideAsset
	if err := json.Unmarshal(body, &sent); err != nil {
		return harrier.Errorf(harrier.Invalid, "the body is no list of assets").Because(err)
	}
	if a.Sites.Level(by, s) < harrier.MayControl || !by.May(harrier.EditSites) {
		return harrier.Errorf(harrier.Forbidden, "you may not import assets into %q", s.Name)
	}
	results := make([]outsideResult, len(sent))
	read := make([]scan.Imported, 0, len(sent))
	at := map[int]int{} // of results, where the host of each is in read
	said := harrier.Scan{Name: s.Name, PolicyID: s.Policy}
	var targets []string
	for i, one := range sent {
		results[i].Name = cmp.Or(strings.TrimSpace(one.IP), strings.TrimSpace(one.FQDN), strings.TrimSpace(one.NetBIOS))
		h, err := a.outside(r.Context(), one)
		if harrier.KindOf(err) == harrier.Internal && err != nil {
			return err
		}
		if err != nil {
			results[i].Error = told(err)
			continue
		}
		at[i] = len(read)
		read = append(read, h)
		targets = append(targets, h.Host.Name)
		if said.Started.IsZero() || h.Host.Started.Before(said.Started) {
			said.Started = h.Host.Started
		}
		if h.Host.Ended.After(said.Ended) {
			said.Ended = h.Host.Ended
		}
	}
	if len(read) == 0 {
		return writeDoor(w, results)
	}
	said.Targets = strings.Join(targets, ",")
	sc, err := a.Scans.Import(r.Context(), by, &s, said, func(yield func(scan.Imported, error) bool) {
		for _, h := range read {
			if !yield(h, nil) {
				return
			}
		}
	})
	if err != nil {
		return err
	}
	hosts, err := a.Scans.Hosts(r.Context(), by, sc.ID)
	if err != nil {
		return err
	}
	became := map[string]harrier.ID{}
	for _, h := range hosts {
		became[h.Name] = h.Asset
	}
	for i, n := range at {
		asset := became[read[n].Host.Name]
		results[i].ID, results[i].Asset = asset, map[string]string{"url": "/api/2.1/assets/" + ident(asset)}
	}
	return writeDoor(w, results)
}

// outside is an asset that was sent, as a host of a scan.
func (a *api) outside(ctx context.Context, one outsideAsset) (scan.Imported, error) {
	h := scan.Imported{Host: harrier.Host{
		FQDN: strings.ToLower(strings.Trim(one.FQDN, ". ")), NetBIOS: strings.TrimSpace(one.NetBIOS), Alive: true, Started: a.Now().UTC(),
	}}
	if text := strings.TrimSpace(one.IP); text != "" {
		addr, err := netip.ParseAddr(text)
		if err != nil {
			return h, harrier.Invalidf("ip", "%q is not an address", clip(text))
		}
		h.Host.Addr = addr.Unmap().WithZone("")
		h.Host.Name = h.Host.Addr.String()
	}
	if h.Host.Name = cmp.Or(h.Host.Name, h.Host.FQDN); h.Host.Name == "" {
		return h, harrier.Invalidf("ip", "an asset needs an address or a name in the DNS")
	}
	if h.Host.FQDN != "" {
		if t, err := harrier.ParseTargets(h.Host.FQDN); err != nil || len(t) != 1 || t[0].IsRange() {
			return h, harrier.Invalidf("fqdn", "%q is not a name", clip(one.FQDN))
		}
	}
	if one.MAC != "" {
		mac, err := net.ParseMAC(strings.TrimSpace(one.MAC))
		if err != nil {
			return h, harrier.Invalidf("mac", "%q is not the address of a network card", clip(one.MAC))
		}
		h.Host.MAC = mac.String()
	}
	switch kind := strings.ToUpper(one.HostType); kind {
	case "", "GUEST", "PHYSICAL": // of which kind of device it is, neither tells
	case "HYPERVISOR", "MOBILE":
		h.Host.DeviceType = strings.ToLower(kind)
	default:
		return h, harrier.Invalidf("host_type", "%q is not GUEST, HYPERVISOR, PHYSICAL or MOBILE", clip(one.HostType))
	}
	if one.ScanDate != "" {
		t, err := time.Parse("20060102T150405Z0700", one.ScanDate)
		if err != nil {
			return h, harrier.Invalidf("scan_date", "%q is not a time such as %s", clip(one.ScanDate), basicTime)
		}
		if t.After(h.Host.Started) {
			return h, harrier.Invalidf("scan_date", "%q is yet to come", clip(one.ScanDate))
		}
		h.Host.Started = t.UTC()
	}
	h.Host.Ended = h.Host.Started
	h.Host.OS, h.Host.OSCPE = systemOf(strings.TrimSpace(one.OS))
	if h.Host.OS != "" {
		h.Host.OSConfidence = 100
	}
	if err := a.outsideFlaws(ctx, &h, one.Flaws, harrier.Endpoint{Protocol: harrier.TCP}, ""); err != nil {
		return h, err
	}
	for _, s := range one.Services {
		protocol := harrier.Protocol(strings.ToLower(s.Protocol))
		if protocol != harrier.TCP && protocol != harrier.UDP || s.Port < 1 || s.Port > 65535 {
			return h, harrier.Invalidf("services", "%d/%s is not a port of TCP or UDP", s.Port, clip(s.Protocol))
		}
		svc := harrier.Service{Endpoint: harrier.Endpoint{Protocol: protocol, Port: uint16(s.Port)}, Name: strings.ToLower(strings.TrimSpace(s.Name)), Certainty: harrier.Certain}
		h.Services = append(h.Services, svc)
		if err := a.outsideFlaws(ctx, &h, s.Flaws, svc.Endpoint, svc.Name); err != nil {
			return h, err
		}
	}
	return h, nil
}

// outsideFlaws adds what was found at an endpoint.
func (a *api) outsideFlaws(ctx context.Context, h *scan.Imported, list []outsideFlaw, at harrier.Endpoint, service string) error {
	for _, f := range list {
		v, err := a.flawNamed(ctx, f.ID)
		if err != nil {
			return err
		}
		o := harrier.Observation{
			Vulnerability: v.ID, Endpoint: at, Key: f.Key, Service: service, Evidence: f.Proof, Certainty: harrier.Certain, Source: "imported", At: h.Host.Ended,
		}
		switch f.Status {
		case "", formatnexpose.Exploited.Word:
			o.Source = "active"
		case formatnexpose.Version.Word:
		case "potential", formatnexpose.Possible.Word:
			o.Certainty = harrier.Potential
		default:
			return harrier.Invalidf("status", "%q is not a status of vulnerabilities", clip(f.Status))
		}
		h.Observations = append(h.Observations, o)
	}
	return nil
}

// systemOf are the words and the CPE name of a system that is told by one of
// both: "Microsoft Windows 10" for cpe:/o:microsoft:windows_10.
func systemOf(text string) (name, cpe string) {
	rest, older := strings.CutPrefix(text, "cpe:/o:")
	if !older {
		var newer bool
		if rest, newer = strings.CutPrefix(text, "cpe:2.3:o:"); !newer {
			return text, ""
		}
	}
	var words []string
	for i, part := range strings.Split(rest, ":") {
		if part == "" || part == "*" || part == "-" {
			continue
		}
		if i > 2 { // an update, an edition and the like
			break
		}
		for _, w := range strings.Fields(strings.NewReplacer("_", " ", `\`, "").Replace(part)) {
			words = append(words, strings.ToUpper(w[:1])+w[1:])
		}
	}
	return strings.Join(words, " "), text
}

package nessus

import (
	"net/netip"
	"strconv"
	"strings"
	"time"

	"github.com/harrier-scan/harrier"
)

func (p *parser) reportHost() error {
	name, err := p.attributeOf("name")
	if err != nil {
		return err
	}
	h := ReadHost{Tags: map[string]string{}}
	h.Name, p.kept = name, 0
	h.Results = make([]ReadResult, 0, min(p.before, 1000))
	times := make(map[harrier.Instance]int, min(p.before, 1000))
	err = p.children(func(child string) error {
		switch child {
		case "HostProperties":
			return p.children(func(child string) error { return p.hostTag(child, h.Tags) })
		case "ReportItem":
			return p.reportItem(&h, times)
		}
		return p.skip()
	})
	if err != nil {
		return err
	}
	p.before = len(h.Results)
	fillHost(&h.Host, h.Tags)
	for i := range h.Results {
		h.Results[i].At = h.Ended
	}
	return p.host(h)
}

// attributeOf is attribute for one that has to be there.
func (p *parser) attributeOf(name string) (string, error) {
	s, err := p.attribute(name)
	if err == nil && strings.TrimSpace(s) == "" {
		err = p.fail("<%s> without %s", shown(p.name), name)
	}
	return s, err
}

func (p *parser) hostTag(child string, into map[string]string) error {
	if child != "tag" {
		return p.skip()
	}
	name, err := p.attribute("name")
	if err != nil {
		return err
	}
	value, err := p.keep(maxText)
	if err != nil {
		return err
	}
	if into[name] = value; len(into) > maxTags {
		return p.fail("a host with more than %d tags", maxTags)
	}
	return nil
}

// maxHops is more stations than a way has.
const maxHops = 64

// fillHost sets what the tags say about the host in our words.
//
// Source: nessus-api.md, section 15.3.
func fillHost(h *harrier.Host, tags map[string]string) {
	for _, text := range []string{tags["host-ip"], h.Name} {
		if addr, err := netip.ParseAddr(strings.TrimSpace(text)); err == nil {
			h.Addr = addr.Unmap()
			break
		}
	}
	h.Alive = tags["dead_host"] == ""
	h.FQDN = strings.ToLower(strings.TrimSuffix(firstLine(tags["host-fqdn"]), "."))
	h.NetBIOS = firstLine(tags["netbios-name"])
	h.MAC = strings.ToLower(firstLine(tags["mac-address"]))
	h.Hardware = strings.ToLower(firstLine(tags["bios-uuid"]))
	h.OS = firstLine(tags["operating-system"])
	if n, err := strconv.Atoi(strings.TrimSpace(tags["operating-system-conf"])); err == nil {
		h.OSConfidence = min(max(n, 0), 100)
	}
	h.OSMethod = tags["operating-system-method"]
	h.DeviceType = firstLine(tags["system-type"])
	for _, name := range []string{"cpe", "cpe-0"} {
		if cpe, _, _ := strings.Cut(tags[name], " "); strings.HasPrefix(cpe, "cpe:/o:") {
			h.OSCPE = cpe
			break
		}
	}
	for i := range maxHops {
		hop, there := tags["traceroute-hop-"+strconv.Itoa(i)]
		if !there {
			break
		}
		addr, _ := netip.ParseAddr(strings.TrimSpace(hop)) // "?" is a hop that did not tell
		h.Route = append(h.Route, harrier.Hop{Addr: addr.Unmap()})
	}
	h.Started = instant(tags["HOST_START_TIMESTAMP"], tags["HOST_START"])
	h.Ended = instant(tags["HOST_END_TIMESTAMP"], tags["HOST_END"])
}

func firstLine(s string) string {
	line, _, _ := strings.Cut(strings.TrimSpace(s), "\n")
	return strings.TrimSpace(line)
}

// instant reads Unix seconds, else a clock time, whose zone the file does not
// tell: it is taken as UTC. The zero time stands for neither.
func instant(seconds, text string) time.Time {
	if n, err := strconv.ParseInt(strings.TrimSpace(seconds), 10, 64); err == nil && n > 0 && n < 1<<40 {
		return time.Unix(n, 0).UTC()
	}
	if t, err := time.Parse(clock, strings.TrimSpace(text)); err == nil {
		return t
	}
	return time.Time{}
}

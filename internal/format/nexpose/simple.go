package nexpose

import (
	"context"
	"io"
	"iter"
	"strconv"
	"strings"
	"time"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/format"
)

// Simple is the simple export.
//
// Source: section 12.5.
var Simple = format.Format{Name: "ns-xml", Title: "Simple XML", Extension: "xml", MIME: "text/xml", Write: writeSimple}

type simple struct {
	*xml
	scan format.Scan
}

func writeSimple(ctx context.Context, w io.Writer, s format.Scan, hosts iter.Seq2[format.Host, error]) error {
	x := &simple{newXML(w), s}
	x.start("NeXposeSimpleXML", "version", "1.0")
	made := s.Made
	for _, t := range []time.Time{s.Scan.Ended, s.Scan.Started} {
		if made.IsZero() {
			made = t
		}
	}
	x.leaf("generated", Stamp(made))
	x.start("devices")
	for h, err := range hosts {
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return err
		}
		if h.Alive {
			x.device(h)
		}
	}
	x.end()
	x.end()
	return x.w.Flush()
}

func (x *simple) device(h format.Host) {
	own, places := split(h)
	x.start("device", "address", address(h))
	if os, ok := systemOf(h); ok {
		x.start("fingerprint", "certainty", os.certainty)
		x.words(os, h.OS)
		x.leaf("device-class", os.class)
		x.leaf("architecture", os.arch)
		x.end()
	}
	x.vulnerabilities(h, own, harrier.Endpoint{})
	x.start("services")
	for _, p := range places {
		x.start("service", "name", ServiceName(p.Service), "port", strconv.Itoa(int(p.Port)), "protocol", string(p.Protocol))
		if p.Product != "" {
			f := softwareOf(p.Product, p.Version, p.CPE, p.Certainty)
			x.start("fingerprint", "certainty", f.certainty)
			x.words(f, strings.TrimSpace(p.Product+" "+p.Version))
			x.end()
		}
		x.vulnerabilities(h, p.results, p.Endpoint)
		x.end()
	}
	x.end()
	x.end()
}

func (x *simple) words(p system, description string) {
	x.leaf("description", description)
	x.leaf("vendor", p.vendor)
	x.leaf("family", p.family)
	x.leaf("product", p.product)
	x.leaf("version", p.version)
}

func (x *simple) vulnerabilities(h format.Host, list []format.Result, at harrier.Endpoint) {
	x.start("vulnerabilities")
	for _, r := range list {
		x.vulnerability(r.Vulnerability, StatusOf(r.Certainty, r.Source))
	}
	for _, c := range h.Absent {
		if c.Endpoint == at {
			x.vulnerability(c.Vulnerability, NotThere)
		}
	}
	x.end()
}

func (x *simple) vulnerability(id harrier.VulnID, s Status) {
	v := x.scan.Lookup(id)
	x.start("vulnerability", "id", Slug(v), "resultCode", strings.ToUpper(s.Code))
	for _, ref := range References(v) {
		x.leaf("id", ref.Text, "type", strings.ToLower(ref.Source))
	}
	x.end()
}

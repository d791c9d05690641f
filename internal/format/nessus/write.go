// Package nessus writes and reads the NessusClientData_v2 format (".nessus").
//
// The writer is made by hand: it is several times faster than encoding/xml, and
// the layout (one element on a line, no element without text, no character
// reference in short fields) is what the strictest of the known readers need.
//
// Source: nessus-api.md, section 15.
package nessus

import (
	"cmp"
	"context"
	"io"
	"iter"
	"strconv"
	"time"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/format"
)

// Format is the .nessus format. It has the option "whoami": the name of the
// user who asked for the file.
var Format = format.Format{
	Name: "nessus", Title: "Nessus v2 XML", Extension: "nessus", MIME: "text/xml",
	Write: func(ctx context.Context, w io.Writer, s format.Scan, hosts iter.Seq2[format.Host, error]) error {
		return write(ctx, w, s, hosts, time.Local)
	},
}

const (
	head = "<?xml version=\"1.0\" ?>\n<NessusClientData_v2>\n"
	tail = "</NessusClientData_v2>\n"
)

// flushSize is how much is collected before it is handed on.
const flushSize = 128 << 10

// write writes the document with local times in zone.
func write(ctx context.Context, w io.Writer, s format.Scan, hosts iter.Seq2[format.Host, error], zone *time.Location) error {
	e := encoder{scan: s, zone: zone, buffer: buffer{make([]byte, 0, 2*flushSize)}}
	e.raw(head)
	e.policy(s)
	e.raw("<Report")
	e.attribute("name", cmp.Or(s.Scan.Name, s.Site.Name, "Harrier scan"))
	e.raw(" xmlns:cm=\"http://www.nessus.org/cm\">\n")
	if err := e.flush(w, 0); err != nil {
		return err
	}
	for h, err := range hosts {
		if err != nil {
			return err
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := e.host(w, h); err != nil {
			return err
		}
	}
	e.raw("</Report>\n" + tail)
	return e.flush(w, 0)
}

// WritePolicy writes a policy file: the same document without results.
func WritePolicy(w io.Writer, s format.Scan) error {
	var e encoder
	e.raw(head)
	e.policy(s)
	e.raw(tail)
	return e.flush(w, 0)
}

type encoder struct {
	buffer
	scan format.Scan
	zone *time.Location
	// fixed holds what is the same for every result of a vulnerability, as
	// bytes of the document: the greater part of it.
	fixed map[fixedKey]fixedPart
}

type fixedKey struct {
	id        harrier.VulnID
	potential bool
}

type fixedPart struct{ attributes, children []byte }

// maxFixed bounds the memory that fixed takes.
const maxFixed = 8192

// flush hands on what was collected when it is more than limit.
func (e *encoder) flush(w io.Writer, limit int) error {
	if len(e.b) <= limit {
		return nil
	}
	_, err := w.Write(e.b)
	e.b = e.b[:0]
	return err
}

func (e *encoder) host(w io.Writer, h format.Host) error {
	e.raw(`<ReportHost name="`)
	e.raw(shortAttribute(h.Title()))
	e.raw(`">`)
	e.properties(h)
	for _, r := range h.Ordered() {
		e.item(r)
		if err := e.flush(w, flushSize); err != nil {
			return err
		}
	}
	e.raw("</ReportHost>\n")
	return e.flush(w, flushSize)
}

func (e *encoder) item(r format.Result) {
	fixed := e.part(r)
	e.raw(`<ReportItem port="`)
	e.number(int(r.Port))
	e.raw(`" svc_name="`)
	e.raw(shortAttribute(format.ServiceName(r.Observation)))
	e.raw(`" protocol="`)
	e.raw(string(format.Transport(r.Observation)))
	e.raw(`" severity="`)
	e.number(int(min(r.Severity, harrier.Critical)))
	e.b = append(e.b, fixed.attributes...)
	e.b = append(e.b, fixed.children...)
	e.element("plugin_output", r.Evidence)
	e.raw("</ReportItem>\n")
}

// part returns the fixed bytes of a result, from the memory or made anew.
func (e *encoder) part(r format.Result) fixedPart {
	key := fixedKey{r.Vulnerability, r.Certainty == harrier.Potential}
	if p, ok := e.fixed[key]; ok {
		return p
	}
	p := makePart(e.scan.Lookup(r.Vulnerability), key)
	if e.fixed == nil {
		e.fixed = map[fixedKey]fixedPart{}
	}
	if len(e.fixed) < maxFixed {
		e.fixed[key] = p
	}
	return p
}

func makePart(v harrier.Vulnerability, key fixedKey) fixedPart {
	var a, c buffer
	a.raw(`" pluginID="` + strconv.Itoa(int(key.id)) + `"`)
	a.attribute("pluginName", cmp.Or(v.Name, v.Slug, "n/a"))
	a.raw(` pluginFamily="` + cmp.Or(shortAttribute(v.Family), "General") + "\">\n")
	for _, at := range format.Attributes(v) {
		if at.Name == "risk_factor" && key.potential {
			c.element("potential_vulnerability", "true")
		}
		c.element(at.Name, at.Value)
	}
	return fixedPart{a.b, c.b}
}

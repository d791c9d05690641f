// Package json writes a scan as one JSON document, in Harrier's own words.
//
//	{
//	  "format": "harrier-scan", "version": 1, "generator": "Harrier 0.1.0",
//	  "scan": {…},                    see scanObject
//	  "hosts": [ {…}, … ],            see hostObject: one on a line
//	  "silent": [ {…}, … ],           targets that did not answer
//	  "vulnerabilities": [ {…}, … ]   definitions of what was found, by number
//	}
//
// Lists are never null. Members that are not known are left out. Times are RFC
// 3339, UTC. Members may be added within a version; their meaning stays.
package json

import (
	"context"
	"encoding/json"
	"io"
	"iter"
	"slices"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/format"
)

// Format is the json format. It has no options.
var Format = format.Format{Name: "json", Title: "JSON", Extension: "json", MIME: "application/json", Write: write}

// version is that of the document's shape.
const version = 1

func write(ctx context.Context, w io.Writer, s format.Scan, hosts iter.Seq2[format.Host, error]) error {
	out := writer{to: w}
	out.raw("{\n\"format\":\"harrier-scan\",\n\"version\":")
	out.value(version)
	out.raw(",\n\"generator\":")
	out.value(generator(s.Version))
	out.raw(",\n\"scan\":")
	out.value(newScan(s))
	out.raw(",\n\"hosts\":[")
	seen := map[harrier.VulnID]bool{}
	comma := "\n"
	for h, err := range hosts {
		if err != nil {
			return err
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		for _, r := range h.Results {
			seen[r.Vulnerability] = true
		}
		out.raw(comma)
		out.value(newHost(s, h))
		comma = ",\n"
	}
	out.raw("\n],\n\"silent\":")
	out.value(newSilent(s.Dead))
	out.raw(",\n\"vulnerabilities\":[")
	comma = "\n"
	for _, id := range sorted(seen) {
		out.raw(comma)
		out.value(newVulnerability(s.Lookup(id)))
		comma = ",\n"
	}
	out.raw("\n]\n}\n")
	return out.err
}

func generator(v string) string {
	if v == "" {
		return "Harrier"
	}
	return "Harrier " + v
}

func sorted(set map[harrier.VulnID]bool) []harrier.VulnID {
	ids := make([]harrier.VulnID, 0, len(set))
	for id := range set {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	return ids
}

// writer keeps the first error, after which it writes nothing.
type writer struct {
	to  io.Writer
	err error
}

func (w *writer) raw(s string) {
	if w.err == nil {
		_, w.err = io.WriteString(w.to, s)
	}
}

func (w *writer) value(v any) {
	if w.err != nil {
		return
	}
	b, err := json.Marshal(v)
	if err == nil {
		_, err = w.to.Write(b)
	}
	w.err = err
}

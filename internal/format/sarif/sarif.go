// Package sarif writes a scan as a SARIF log, for tools that gather results of
// many analysers.
//
// What SARIF calls a rule is a vulnerability, by its slug. Its place in a
// network has no counterpart: a result carries a logical location such as
// "192.0.2.1:443/tcp", and the same as the URI of an artifact, which some
// consumers insist on.
//
// Source: SARIF version 2.1.0, OASIS Standard, sections 3.13, 3.14, 3.19, 3.27,
// 3.33, 3.49.
package sarif

import (
	"context"
	"encoding/json"
	"io"
	"iter"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/format"
)

// Format is the sarif format. It has the option "info": "no" leaves results of
// severity info out.
var Format = format.Format{Name: "sarif", Title: "SARIF 2.1.0", Extension: "sarif", MIME: "application/sarif+json", Write: write}

const schema = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"

// write puts the results before the tool that describes their rules: members
// of an object have no order, and so only the rules that were used are kept.
func write(ctx context.Context, w io.Writer, s format.Scan, hosts iter.Seq2[format.Host, error]) error {
	out := writer{to: w}
	out.raw(`{"$schema":"` + schema + `","version":"2.1.0","runs":[{"columnKind":"unicodeCodePoints","results":[`)
	rules := ruleBook{at: map[harrier.VulnID]int{}}
	comma := "\n"
	for h, err := range hosts {
		if err != nil {
			return err
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		for _, r := range h.Ranked() {
			if r.Severity == harrier.Info && s.Options["info"] == "no" {
				continue
			}
			v := s.Lookup(r.Vulnerability)
			out.raw(comma)
			out.value(newResult(h, r, v, rules.index(v)))
			comma = ",\n"
		}
	}
	out.raw("\n],\"invocations\":")
	out.value([]invocation{newInvocation(s.Scan)})
	out.raw(",\n\"tool\":")
	out.value(tool{driver{Name: "Harrier", Version: s.Version, InformationURI: "https://github.com/harrier-scan/harrier", Rules: rules.list()}})
	out.raw("}]}\n")
	return out.err
}

// ruleBook numbers the rules in the order in which they are used.
type ruleBook struct {
	at    map[harrier.VulnID]int
	rules []rule
}

func (b *ruleBook) index(v harrier.Vulnerability) int {
	i, ok := b.at[v.ID]
	if !ok {
		i = len(b.rules)
		b.at[v.ID] = i
		b.rules = append(b.rules, newRule(v))
	}
	return i
}

func (b *ruleBook) list() []rule {
	if b.rules == nil {
		return []rule{}
	}
	return b.rules
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

package probe

import (
	"strconv"
	"strings"

	"github.com/harrier-scan/harrier/internal/cpe"
)

// maxBanner bounds Service.Banner, maxFact one fact, maxFacts all of a service.
const (
	maxBanner   = 1 << 10
	maxFact     = 8 << 10
	maxFacts    = 64 << 10
	maxEvidence = 256
)

// fact notes something learnt; an empty value is nothing.
func (x *talk) fact(key, value string) {
	if value == "" {
		return
	}
	if x.s.Facts == nil {
		x.s.Facts = map[string]string{}
	}
	value = clip(clean(value), maxFact)
	x.told += len(value) - len(x.s.Facts[key])
	if x.told > maxFacts {
		x.told -= len(value) - len(x.s.Facts[key])
		return
	}
	x.s.Facts[key] = value
}

// take sets product, version and CPE from what a rule told by evidence.
func (x *talk) take(m match, evidence string) {
	x.s.Product, x.s.Version, x.s.CPE = m.Product, m.Version, m.CPE
	x.s.Evidence = clip(oneLine(evidence), maxEvidence)
	if delete(x.s.Facts, "product.rule"); m.Product != "" {
		x.fact("product.rule", m.Rule)
	}
	x.learn(m)
	x.step(Step{Question: x.closer, Outcome: "told", Rule: m.Rule, Product: m.Product, Version: m.Version, CPE: m.CPE, Evidence: x.s.Evidence})
}

// tell applies the rules of kind to text and reports whether one told a
// product. One that tells only of the machine leaves the product as it is.
func (x *talk) tell(kind, text string) bool {
	m, ok := x.match(kind, text)
	switch {
	case !ok:
		return false
	case m.Product == "":
		x.learn(m)
		return false
	}
	x.take(m, text)
	return true
}

// is sets product and, when it is not "", version.
func (x *talk) is(product, cpeName, version, evidence string) {
	x.take(match{Product: product, Version: version, CPE: cpe.Name(cpeName, version, "")}, evidence)
}

// clean makes text of bytes from the wire: valid UTF-8 without control
// characters other than line breaks and tabs.
func clean(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t':
			return r
		case r == '\r':
			return -1
		case r < ' ' || r == 0x7f || r >= 0x80 && r < 0xa0:
			return '.'
		}
		return r
	}, strings.ToValidUTF8(s, "."))
}

// printable is the form of a banner: clean, at most 1 KiB.
func printable(b []byte) string {
	return strings.TrimRight(clip(clean(string(b[:min(len(b), maxBanner)])), maxBanner), "\n")
}

func oneLine(s string) string {
	return strings.Join(strings.Fields(clean(s)), " ")
}

// firstLine returns b up to its first line break, at most two banners.
func firstLine(b []byte) string { return firstLineOf(b, 2*maxBanner) }

// firstLineOf returns b up to its first line break, at most limit bytes.
func firstLineOf(b []byte, limit int) string {
	line, _, _ := strings.Cut(string(b[:min(len(b), limit)]), "\n")
	return strings.TrimRight(line, "\r")
}

// clip cuts s after at most n bytes, between characters.
func clip(s string, n int) string {
	if len(s) <= n {
		return s
	}
	return strings.ToValidUTF8(s[:n], "")
}

// between returns what stands between the first start and the next end after
// it; "" when either is missing.
func between(s, start, end string) string {
	_, rest, found := strings.Cut(s, start)
	if !found {
		return ""
	}
	inner, _, found := strings.Cut(rest, end)
	if !found {
		return ""
	}
	return inner
}

func itoa(n int) string { return strconv.Itoa(n) }

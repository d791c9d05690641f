package formattest

import (
	"iter"
	"strings"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/format"
)

// Hostile is a scan in which every text does what it can to break a document:
// markup and scripts, control characters, bytes that are no text, turned
// directions of writing, letters of other scripts, words and texts without end.
func Hostile() (format.Scan, iter.Seq2[format.Host, error]) {
	s := Scan()
	texts := []string{
		`</pre></title></style><script>alert(1)</script><img src=x onerror=alert(1)>`, "\x00\x01\x1b[31m\x7f\x85\u2028\ufeff\xff\xc3(", "invoice\u202Efdp.exe \u2066\u200b\U000E0041",
		"مضيف العربية עברית 日本語 한국어 🦅 ąčę Ωж", strings.Repeat("W", 5000), strings.Repeat("a b ", 260_000), "{{.}} {all} (unbalanced \\ ( \\( %s %!d ]]> -->", "", "\n\n\n", "javascript:alert(1)",
	}
	i := 0
	next := func() string { i++; return texts[i%len(texts)] }
	s.Title, s.Scan.Targets, s.Scan.Reason = texts[0], texts[4], texts[2]
	s.Dead = append(s.Dead, harrier.Span{Target: harrier.Target{Name: next()}, Count: 3, Reason: next()})
	s.About = nil
	s.Vulnerability = func(id harrier.VulnID) (harrier.Vulnerability, bool) {
		k := int(id) % len(texts)
		t := func(n int) string { return texts[(k+n)%len(texts)] }
		return harrier.Vulnerability{ID: id, Name: t(0), Family: t(1), Synopsis: t(2), Description: t(3), Solution: t(4), CVEs: []string{t(5)}, References: []string{t(6), "javascript:alert(1)", "https://example.org/\"><script>"}, CVSS3Vector: t(0), CVSS3Score: 9, Aliases: []string{t(7)}}, true
	}
	return s, func(yield func(format.Host, error) bool) {
		for n := range len(texts) {
			h := Hosts()[0]
			h.Name, h.FQDN, h.OS, h.DeviceType, h.MAC = texts[n], texts[(n+1)%len(texts)], texts[(n+2)%len(texts)], texts[(n+3)%len(texts)], texts[(n+4)%len(texts)]
			h.Looked = &harrier.Coverage{Alive: true, Reason: texts[n]}
			h.Looked.Add(harrier.Done{Check: 1, Outcome: harrier.Failed, Reason: texts[(n+1)%len(texts)]})
			for k := range h.Services {
				h.Services[k].Name, h.Services[k].Product, h.Services[k].Version = texts[n], texts[(n+k)%len(texts)], texts[(n+k+1)%len(texts)]
			}
			for k := range h.Results {
				h.Results[k].Vulnerability = harrier.VulnID(n + k)
				h.Results[k].Evidence, h.Results[k].Service = texts[(n+k)%len(texts)], texts[(n+k+1)%len(texts)]
			}
			if !yield(h, nil) {
				return
			}
		}
	}
}

package format

import (
	"cmp"
	"net/url"
	"slices"
	"strings"
)

// CPEURI turns a CPE 2.3 formatted string into the older URI form that reports
// use ("cpe:/a:nginx:nginx:1.22.1"). What is not a 2.3 string is returned as
// it is.
//
// Source: NIST IR 7695, sections 6.1 and 6.2; editions beyond the language are
// left out, as none of the readers looks at them.
func CPEURI(cpe string) string {
	rest, found := strings.CutPrefix(cpe, "cpe:2.3:")
	if !found {
		return cpe
	}
	parts := splitCPE(rest)
	parts = parts[:min(len(parts), 7)]
	for i, p := range parts {
		if p == "*" {
			p = ""
		}
		parts[i] = url.PathEscape(unescapeCPE(p))
	}
	for len(parts) > 0 && parts[len(parts)-1] == "" {
		parts = parts[:len(parts)-1]
	}
	return "cpe:/" + strings.Join(parts, ":")
}

func cpeURIs(list []string) []string {
	out := make([]string, 0, len(list))
	for _, c := range list {
		if u := CPEURI(c); !slices.Contains(out, u) {
			out = append(out, u)
		}
	}
	return out
}

// splitCPE cuts at the colons that no backslash quotes.
func splitCPE(s string) []string {
	var parts []string
	from := 0
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case ':':
			parts = append(parts, s[from:i])
			from = i + 1
		}
	}
	return append(parts, s[from:])
}

func unescapeCPE(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+1 < len(s) {
			i++
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

// CPEs returns the CPE URIs of a host, that of the operating system first, each
// once: from what the scan stated about the host (plugin 45590), else from the
// host and its services. Where a line of the statement has the product's name,
// it is kept: "cpe:/a:nginx:nginx:1.22.1 -> Nginx".
//
// Source: nessus-api.md, section 13.2.
func CPEs(h Host) []string {
	var list []string
	add := func(cpe string) {
		uri, _, _ := strings.Cut(cpe, " ")
		for _, have := range list {
			if known, _, _ := strings.Cut(have, " "); known == uri {
				return
			}
		}
		list = append(list, cpe)
	}
	for _, r := range h.Results {
		if r.Vulnerability != pluginCPE {
			continue
		}
		for line := range strings.SplitSeq(r.Evidence, "\n") {
			if line = strings.TrimSpace(line); strings.HasPrefix(line, "cpe:/") {
				add(line)
			}
		}
	}
	stated := len(list) > 0
	if h.OSCPE != "" {
		add(CPEURI(h.OSCPE))
	}
	for _, s := range h.Services {
		if s.CPE != "" && !stated {
			add(CPEURI(s.CPE))
		}
	}
	slices.SortStableFunc(list, func(a, b string) int {
		return cmp.Compare(rankCPE(a), rankCPE(b))
	})
	return list
}

// rankCPE puts operating systems before hardware before applications.
func rankCPE(cpe string) int {
	switch {
	case strings.HasPrefix(cpe, "cpe:/o:"):
		return 0
	case strings.HasPrefix(cpe, "cpe:/h:"):
		return 1
	}
	return 2
}

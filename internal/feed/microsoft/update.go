package microsoft

import (
	"html"
	"slices"
	"strconv"
	"strings"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/feed/cvrf"
)

// maxUpdates bounds the updates of one product.
const maxUpdates = 64

// updatesOf are the updates that mend a vulnerability, by product id. One that
// has no number, such as the release notes of an application, has the ID "".
func updatesOf(v *cvrf.Vulnerability) map[string][]harrier.Update {
	out := map[string][]harrier.Update{}
	for _, r := range v.Remediations {
		if r.Type != "Vendor Fix" {
			continue
		}
		u := harrier.Update{ID: number(r.Text), Kind: strings.ToLower(strings.TrimSpace(r.SubType)), Build: build(r.FixedBuild)}
		for w := range strings.FieldsFuncSeq(r.Supersedes, func(c rune) bool { return c == ',' || c == ';' || c == ' ' }) {
			if kb := number(w); kb != "" && kb != u.ID && len(u.Supersedes) < maxUpdates {
				u.Supersedes = append(u.Supersedes, kb)
			}
		}
		if len(u.Kind) > 64 || u.ID == "" && u.Build == "" {
			continue
		}
		for _, id := range r.Products {
			if same := func(has harrier.Update) bool { return has.ID == u.ID && has.Build == u.Build }; len(out[id]) < maxUpdates && !slices.ContainsFunc(out[id], same) {
				out[id] = append(out[id], u)
			}
		}
	}
	return out
}

// mend says what mends an affected product. Where several updates do, by
// different builds, a product at the lowest of them has one.
func mend(a *harrier.Affected, updates []harrier.Update) {
	for _, u := range updates {
		if u.Build != "" && (a.Fixed == "" || less(u.Build, a.Fixed)) {
			a.Fixed = u.Build
		}
		if u.ID != "" {
			a.Updates = append(a.Updates, u)
			if a.Advisory == "" {
				a.Advisory = u.ID
			}
		}
	}
	if a.Fixed != "" {
		a.Ranges = []harrier.Range{{Before: a.Fixed}}
		a.Scheme, a.Otherwise = "dotted", harrier.StatusNotAffected
	}
}

// number is that of an update, "KB5034441" of "5034441" or "KB5034441"; "" when
// the text is another.
func number(s string) string {
	s = strings.TrimPrefix(strings.TrimSpace(s), "KB")
	if len(s) < 5 || len(s) > 10 || strings.Trim(s, "0123456789") != "" {
		return ""
	}
	return "KB" + s
}

// build is a version of numbers and dots; "" for anything else, such as a link.
func build(s string) string {
	s = strings.TrimSpace(s)
	if len(s) > 64 || !strings.Contains(s, ".") || strings.Trim(s, "0123456789.") != "" || strings.Contains(s, "..") || s[0] == '.' || s[len(s)-1] == '.' {
		return ""
	}
	return s
}

// less compares two builds number by number.
func less(a, b string) bool {
	x, y := strings.Split(a, "."), strings.Split(b, ".")
	for i := range min(len(x), len(y)) {
		if c := compare(x[i], y[i]); c != 0 {
			return c < 0
		}
	}
	return len(x) < len(y)
}

func compare(a, b string) int {
	a, b = strings.TrimLeft(a, "0"), strings.TrimLeft(b, "0")
	if len(a) != len(b) {
		return len(a) - len(b)
	}
	return strings.Compare(a, b)
}

// servers are products that tell their build to whoever asks: the beginning of
// the name and the CPE name. What is fixed is told per line of builds, and a
// statement is about its own line only.
var servers = []struct {
	prefix, cpe string
	from        string // where the line begins; "" to take it from the fixed build
	round       bool   // the line is a thousand of the third number, else the third number
}{
	{prefix: "microsoft exchange server ", cpe: "a:microsoft:exchange_server"},
	{prefix: "microsoft sharepoint enterprise server 2016", cpe: "a:microsoft:sharepoint_enterprise_server", from: "16.0.4000"},
	{prefix: "microsoft sharepoint server 2019", cpe: "a:microsoft:sharepoint_server", from: "16.0.10000"},
	{prefix: "microsoft sharepoint server subscription edition", cpe: "a:microsoft:sharepoint_server", from: "16.0.14000"},
	{prefix: "microsoft sql server 2016 ", cpe: "a:microsoft:sql_server", round: true},
	{prefix: "microsoft sql server 2017 ", cpe: "a:microsoft:sql_server", round: true},
	{prefix: "microsoft sql server 2019 ", cpe: "a:microsoft:sql_server", round: true},
	{prefix: "microsoft sql server 2022 ", cpe: "a:microsoft:sql_server", round: true},
	{prefix: "microsoft sql server 2025 ", cpe: "a:microsoft:sql_server", round: true},
}

// onNetwork is the statement about a server's CPE that says what a says of the
// product by name; false where it has no fixed build or is none of the servers.
func onNetwork(name string, a harrier.Affected) (harrier.Affected, bool) {
	parts := strings.Split(a.Fixed, ".")
	if len(parts) != 4 {
		return a, false
	}
	for _, s := range servers {
		if !strings.HasPrefix(name, s.prefix) {
			continue
		}
		from := s.from
		if from == "" {
			third := parts[2]
			if s.round {
				n, err := strconv.Atoi(third)
				if err != nil {
					return a, false
				}
				third = strconv.Itoa(n / 1000 * 1000)
			}
			from = parts[0] + "." + parts[1] + "." + third
		}
		a.Package, a.CPE = harrier.Package{}, "cpe:2.3:"+s.cpe+":*:*:*:*:*:*:*:*"
		a.Ranges, a.Otherwise = []harrier.Range{{From: from, Before: a.Fixed}}, harrier.StatusUnknown
		return a, true
	}
	return a, false
}

// plain is the text of a piece of HTML.
func plain(s string) string {
	var b strings.Builder
	for s != "" {
		open := strings.IndexByte(s, '<')
		if open < 0 {
			b.WriteString(s)
			break
		}
		b.WriteString(s[:open])
		end := strings.IndexByte(s[open:], '>')
		if end < 0 {
			break
		}
		b.WriteByte(' ')
		s = s[open+end+1:]
	}
	return strings.Join(strings.Fields(html.UnescapeString(b.String())), " ")
}

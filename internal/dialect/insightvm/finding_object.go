package insightvm

import (
	"html"
	"strings"

	"github.com/harrier-scan/harrier"
	formatnexpose "github.com/harrier-scan/harrier/internal/format/nexpose"
)

// finding is an item of new, remediated and same.
//
// Source: section 6.3.
type finding struct {
	CheckID      *string `json:"check_id"`
	FirstFound   string  `json:"first_found"`
	Key          string  `json:"key"`
	LastFound    *string `json:"last_found"`
	Nic          *string `json:"nic"`
	Port         *int    `json:"port"`
	Proof        string  `json:"proof"`
	Protocol     *string `json:"protocol"`
	Reintroduced *string `json:"reintroduced"`
	SolutionFix  string  `json:"solution_fix"`
	SolutionID   string  `json:"solution_id"`
	SolutionText string  `json:"solution_summary"`
	SolutionType string  `json:"solution_type"`
	Status       string  `json:"status"`
	ID           string  `json:"vulnerability_id"`
}

// statuses are the words for how a finding was made, by those of the exports.
var statuses = map[formatnexpose.Status][2]string{ // as it stands, and accepted
	formatnexpose.Exploited: {"VULNERABLE_EXPL", "EXCEPTION_VULN_EXPL"},
	formatnexpose.Version:   {"VULNERABLE_VERS", "EXCEPTION_VULN_VERS"},
	formatnexpose.Possible:  {"VULNERABLE_POTENTIAL", "EXCEPTION_VULN_POTL"},
}

func findingOf(f *harrier.JudgedFinding, v *harrier.Vulnerability, a *harrier.Asset) finding {
	out := finding{
		ID: formatnexpose.Slug(*v), Key: f.Key, Proof: paragraph(f.Evidence), FirstFound: instant(f.FirstSeen()), LastFound: maybe(f.LastSeen()),
		Status: statuses[formatnexpose.StatusOf(f.Certainty, f.Source)][0],
	}
	if f.Accepted != 0 {
		out.Status = statuses[formatnexpose.StatusOf(f.Certainty, f.Source)][1]
	}
	if f.Source != "" {
		out.CheckID = &f.Source
	}
	if n := len(f.Intervals); n > 1 {
		out.Reintroduced = maybe(f.Intervals[n-1].Opened)
	}
	if f.Port != 0 {
		port := int(f.Port)
		out.Port = &port
	}
	if f.Protocol != "" && f.Port != 0 {
		protocol := strings.ToUpper(string(f.Protocol))
		out.Protocol = &protocol
	}
	s, told := v.SolutionFor(f.Evidence)
	if !told {
		s = solutionOf(v, a)
	}
	out.SolutionID, out.SolutionText, out.SolutionType, out.SolutionFix = s.ID, s.Summary, solutionTypes[s.Type], paragraph(v.Solution)
	if out.SolutionType == "" {
		out.SolutionType = "unknown"
	}
	if v.Solution == "" {
		out.SolutionFix = paragraph(s.Summary)
	}
	return out
}

// solutionTypes are the words for kinds of solutions.
var solutionTypes = map[string]string{
	"package": "patch", "upgrade": "patch", "patch": "patch", "configuration": "configuration", "workaround": "workaround",
}

// solutionOf is what mends v on an asset: the first solution that is for its
// system, or for any. A vulnerability that has but a text has one solution, which
// has its name.
func solutionOf(v *harrier.Vulnerability, a *harrier.Asset) harrier.Solution {
	for _, s := range v.Solutions {
		if applies(s.Applies, a) {
			return s
		}
	}
	if len(v.Solutions) > 0 {
		return v.Solutions[0]
	}
	if v.Solution == "" {
		return harrier.Solution{}
	}
	line, _, _ := strings.Cut(v.Solution, "\n")
	return harrier.Solution{ID: formatnexpose.Slug(*v), Summary: line}
}

// applies reports whether a solution for an ecosystem such as "deb/debian/12"
// is for an asset. One for anything else is for all.
func applies(to string, a *harrier.Asset) bool {
	kind, rest, _ := strings.Cut(to, "/")
	if kind != "deb" && kind != "rpm" && kind != "apk" {
		return true
	}
	system, release, _ := strings.Cut(rest, "/")
	os := strings.ToLower(a.OS)
	return strings.Contains(os, system) && (release == "" || strings.Contains(os+" ", " "+release+" ") || strings.Contains(os, " "+release+"."))
}

// paragraph is text as a fragment of HTML; "" stays.
func paragraph(text string) string {
	if strings.TrimSpace(text) == "" {
		return ""
	}
	return "<p>" + strings.ReplaceAll(html.EscapeString(strings.TrimSpace(text)), "\n", "<br/>") + "</p>"
}

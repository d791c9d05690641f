package insightvm

import (
	"testing"

	"github.com/harrier-scan/harrier"
)

// TestSolutionOfProduct holds that a vulnerability of several products has on an
// asset the solution of the one that was found.
func TestSolutionOfProduct(t *testing.T) {
	v := harrier.Vulnerability{Slug: "cve-2023-44487", Solutions: []harrier.Solution{
		{ID: "apache:tomcat", Summary: "Upgrade tomcat to 8.5.94 or later.", Type: "upgrade", Applies: "cpe a:apache:tomcat", Fixed: "8.5.94"},
		{ID: "f5:nginx", Summary: "Upgrade nginx to 1.25.3 or later.", Type: "upgrade", Applies: "cpe a:f5:nginx", Fixed: "1.25.3"},
	}}
	f := harrier.JudgedFinding{}
	f.Intervals = []harrier.Interval{{}}
	for evidence, want := range map[string]string{
		"  Product : nginx\n  Fixed version : 1.25.3\n": "f5:nginx",
		"": "apache:tomcat",
	} {
		f.Evidence = evidence
		if got := findingOf(&f, &v, &harrier.Asset{}); got.SolutionID != want {
			t.Errorf("with evidence %q the solution is %s; want %s", evidence, got.SolutionID, want)
		}
	}
}

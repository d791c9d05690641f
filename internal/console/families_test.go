package console

import (
	"slices"
	"testing"

	"github.com/harrier-scan/harrier/internal/content"
	"github.com/harrier-scan/harrier/internal/product"
	"github.com/harrier-scan/harrier/internal/vuln"
)

// TestFamilies shows that a check stands for the vulnerabilities of every family
// that content can be of: without one they would be in no plan.
func TestFamilies(t *testing.T) {
	definitions, _ := vuln.FamilyChecks()
	var standing []string
	for _, v := range definitions {
		standing = append(standing, v.Family)
	}
	seen := 0
	for _, p := range product.All() {
		if seen++; !slices.Contains(standing, p.Family) {
			t.Errorf("no check stands for the family %q of %s", p.Family, p.Name)
		}
	}
	for _, name := range slices.Concat(content.EcosystemFamilies(), []string{"Misc."}) {
		if seen++; !slices.Contains(standing, name) {
			t.Errorf("no check stands for the family %q of packages", name)
		}
	}
	if seen < 100 {
		t.Errorf("only %d families looked at", seen)
	}
}

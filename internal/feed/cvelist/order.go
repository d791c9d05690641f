package cvelist

import (
	"cmp"

	order "github.com/harrier-scan/harrier/internal/version"
)

// compare orders versions of unknown kind, as servers have them. What that
// passes over, as what a packager appends, is told apart as Maven does: makers
// write builds and hotfixes so, "7.2-64570", "10.1.14-h6". It decides only where
// entries of one product overlap; what a version is compared with is the business
// of who matches.
func compare(a, b string) int {
	return cmp.Or(order.Compare(order.Dotted, a, b), order.Compare(order.Maven, a, b))
}

package content

import "github.com/harrier-scan/harrier/internal/product"

// productFamily is the plugin family of a product by "part:vendor:product"; ""
// when it is not known.
func productFamily(cpe string) string {
	if p := product.ByCPE(cpe); p != nil {
		return p.Family
	}
	return ""
}

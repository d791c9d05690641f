package content

// productFamily is the plugin family of a product by "part:vendor:product"; ""
// when it is not known.
func productFamily(string) string { return "" }

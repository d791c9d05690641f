package content

import "github.com/harrier-scan/harrier/internal/version"

// compare orders two versions of a package of an ecosystem.
func compare(ecosystem, a, b string) int {
	return version.Compare(version.SchemeOf(ecosystem), a, b)
}

package harrier_test

import (
	"testing"

	"github.com/harrier-scan/harrier"
)

func TestAffectedKey(t *testing.T) {
	for _, c := range []struct {
		a    harrier.Affected
		want string
	}{
		{harrier.Affected{CPE: "cpe:2.3:a:f5:nginx:*:*:*:*:*:*:*:*"}, harrier.CPEKey("a", "f5", "nginx")},
		{harrier.Affected{CPE: "cpe:2.3:o:linux:linux_kernel:6.1"}, harrier.CPEKey("o", "linux", "linux_kernel")},
		{harrier.Affected{CPE: `cpe:2.3:a:a\:b:c\\:1`}, harrier.CPEKey("a", `a\:b`, `c\\`)},
		{harrier.Affected{CPE: "cpe:2.3:a:f5:nginx"}, harrier.CPEKey("a", "f5", "nginx")},
		{harrier.Affected{CPE: "cpe:2.3:a:f5"}, ""},
		{harrier.Affected{CPE: "cpe:2.3:a:f5:*:1"}, ""},
		{harrier.Affected{CPE: "cpe:2.3:a::nginx:1"}, ""},
		{harrier.Affected{CPE: `cpe:2.3:a:b:\`}, ""}, // nothing behind the escape
		{harrier.Affected{CPE: "cpe:/a:f5:nginx"}, ""},
		{harrier.Affected{Package: harrier.Package{Ecosystem: "deb/debian/12", Name: "nginx"}}, harrier.PackageKey(harrier.Package{Ecosystem: "deb/debian/12", Name: "nginx"})},
		{harrier.Affected{Maker: "f5/nginx open source"}, harrier.MakerKey("f5/nginx open source")},
		{harrier.Affected{}, ""},
	} {
		if got := c.a.Key(); got != c.want {
			t.Errorf("Key(%+v) = %q; want %q", c.a, got, c.want)
		}
	}
}

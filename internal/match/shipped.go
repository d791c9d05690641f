package match

import (
	"slices"
	"strings"

	"github.com/harrier-scan/harrier/internal/product"
	"github.com/harrier-scan/harrier/internal/version"
)

// shipped are the versions of servers that releases of distributions came with:
// by them a banner that names a distribution tells the release. A version that
// several releases have leaves the choice.
//
// Source: the package lists of the distributions.
var shipped = map[string]map[string]map[string]string{
	"debian": {
		"OpenSSH":  {"8": "6.7p1", "9": "7.4p1", "10": "7.9p1", "11": "8.4p1", "12": "9.2p1", "13": "10.0p1"},
		"nginx":    {"8": "1.6.2", "9": "1.10.3", "10": "1.14.2", "11": "1.18.0", "12": "1.22.1", "13": "1.26.3"},
		"Dovecot":  {"9": "2.2.27", "10": "2.3.4.1", "11": "2.3.13", "12": "2.3.19.1", "13": "2.4.1"},
		"Exim":     {"9": "4.89", "10": "4.92", "11": "4.94.2", "12": "4.96", "13": "4.98.2"},
		"ProFTPD":  {"9": "1.3.5b", "10": "1.3.6", "11": "1.3.7a", "12": "1.3.8", "13": "1.3.8d"},
		"vsftpd":   {"12": "3.0.3", "13": "3.0.5"},
		"lighttpd": {"9": "1.4.45", "10": "1.4.53", "11": "1.4.59", "12": "1.4.69", "13": "1.4.79"},
		"Squid":    {"9": "3.5.23", "10": "4.6", "11": "4.13", "12": "5.7", "13": "6.13"},
		"HAProxy":  {"10": "1.8.19", "11": "2.2.9", "12": "2.6.12", "13": "3.0.11"},
		"Redis":    {"9": "3.2.6", "10": "5.0.14", "11": "6.0.16", "12": "7.0.15", "13": "8.0.2"},
	},
	"ubuntu": {
		"OpenSSH":            {"14.04": "6.6.1p1", "16.04": "7.2p2", "18.04": "7.6p1", "20.04": "8.2p1", "22.04": "8.9p1", "24.04": "9.6p1", "24.10": "9.7p1", "25.04": "9.9p1"},
		"nginx":              {"14.04": "1.4.6", "16.04": "1.10.3", "18.04": "1.14.0", "20.04": "1.18.0", "22.04": "1.18.0", "24.04": "1.24.0"},
		"Apache HTTP Server": {"14.04": "2.4.7", "16.04": "2.4.18", "18.04": "2.4.29", "20.04": "2.4.41", "22.04": "2.4.52", "24.04": "2.4.58"},
		"Apache httpd":       {"14.04": "2.4.7", "16.04": "2.4.18", "18.04": "2.4.29", "20.04": "2.4.41", "22.04": "2.4.52", "24.04": "2.4.58"},
		"Dovecot":            {"18.04": "2.2.33.2", "20.04": "2.3.7.2", "22.04": "2.3.16", "24.04": "2.3.21"},
		"Exim":               {"18.04": "4.90.1", "20.04": "4.93", "22.04": "4.95", "24.04": "4.97"},
		"ProFTPD":            {"18.04": "1.3.5e", "20.04": "1.3.6c", "22.04": "1.3.7c", "24.04": "1.3.8b"},
		"lighttpd":           {"18.04": "1.4.45", "20.04": "1.4.55", "22.04": "1.4.63", "24.04": "1.4.74"},
		"Squid":              {"18.04": "3.5.27", "20.04": "4.10", "22.04": "5.9", "24.04": "6.13"},
		"HAProxy":            {"18.04": "1.8.8", "20.04": "2.0.33", "22.04": "2.4.24", "24.04": "2.8.5"},
		"Redis":              {"18.04": "4.0.9", "20.04": "5.0.7", "22.04": "6.0.16", "24.04": "7.0.15"},
	},
	"enterprise": {
		"OpenSSH":            {"6": "5.3", "7": "7.4", "8": "8.0", "9": "8.7", "10": "9.9"},
		"Apache HTTP Server": {"6": "2.2.15", "7": "2.4.6", "8": "2.4.37", "10": "2.4.63"},
		"Apache httpd":       {"6": "2.2.15", "7": "2.4.6", "8": "2.4.37", "10": "2.4.63"},
		"vsftpd":             {"6": "2.2.2", "7": "3.0.2"},
	},
}

// releasesShipping are the releases of a distribution that came with a version
// of the software, the oldest first; none when the table does not tell.
func releasesShipping(distribution string, sw *product.Product, shown string) []string {
	table := shipped[distribution]
	if kin(distribution, "enterprise") {
		table = shipped["enterprise"]
	}
	if len(table[sw.Name]) == 0 {
		return nil
	}
	asked := shipping{distribution, sw.Name, shown}
	if out, ok := shippingRead.get("", asked); ok {
		return out
	}
	var out []string
	for release, v := range table[sw.Name] {
		if version.Compare(sw.Scheme, v, shown) == 0 {
			out = append(out, release)
		}
	}
	slices.SortFunc(out, func(a, b string) int { return version.Compare(version.Dotted, a, b) })
	shippingRead.put("", shipping{distribution, sw.Name, strings.Clone(shown)}, out, 128+len(shown))
	return out
}

// shipping is what is asked of releasesShipping.
type shipping struct{ distribution, name, version string }

// shippingRead keeps its answers, which are shared.
var shippingRead = memo[shipping, []string]{limit: keptTexts}

// ships reports whether a release came with a version of the software; known is
// false when the table does not tell.
func ships(distribution, release string, sw *product.Product, shown string) (yes, known bool) {
	table := shipped[distribution]
	if kin(distribution, "enterprise") {
		table = shipped["enterprise"]
	}
	v, known := table[sw.Name][release]
	return known && version.Compare(sw.Scheme, v, shown) == 0, known
}

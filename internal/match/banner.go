package match

import (
	"strings"

	"github.com/harrier-scan/harrier"
)

// distributions are the marks that distributions leave in banners.
var distributions = []struct{ mark, name string }{
	{"debian", "Debian"},
	{"+deb", "Debian"},
	{"~deb", "Debian"},
	{"ubuntu", "Ubuntu"},
	{"raspbian", "Raspbian"},
	{"freebsd", "FreeBSD"},
	{"centos", "CentOS"},
	{"red hat", "Red Hat Enterprise Linux"},
	{"redhat", "Red Hat Enterprise Linux"},
	{"rhel", "Red Hat Enterprise Linux"},
	{".el6", "an Enterprise Linux"},
	{".el7", "an Enterprise Linux"},
	{".el8", "an Enterprise Linux"},
	{".el9", "an Enterprise Linux"},
	{".el10", "an Enterprise Linux"},
	{"almalinux", "AlmaLinux"},
	{"rocky", "Rocky Linux"},
	{"fedora", "Fedora"},
	{"suse", "SUSE"},
	{"amazon", "Amazon Linux"},
	{"oracle linux", "Oracle Linux"},
	{"alpine", "Alpine"},
	{"gentoo", "Gentoo"},
}

// distribution names the distribution that the banner of s shows, or "".
func distribution(s harrier.Service) string {
	return marked(strings.Join([]string{
		s.Version, s.Evidence, s.Banner, s.Fact("http.server"), s.Fact("http.powered_by"), s.Fact("ssh.version"), s.Fact("os.hint"),
	}, "\n"))
}

// marked names the distribution whose mark is in text, or "".
func marked(text string) string {
	text = strings.ToLower(text)
	for _, d := range distributions {
		if strings.Contains(text, d.mark) {
			return d.name
		}
	}
	return ""
}

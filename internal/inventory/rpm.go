package inventory

import (
	"strings"

	"github.com/harrier-scan/harrier"
)

func looksLikeRPM(lines []string) bool {
	return most(lines, func(s string) bool {
		f := strings.Split(s, "\t")
		return len(f) >= 4 && (strings.HasSuffix(f[3], ".src.rpm") || strings.HasSuffix(f[3], ".nosrc.rpm") || f[3] == "(none)")
	})
}

// rpm reads a line of the query format: name, epoch:version-release,
// architecture, source rpm, module.
func (l *list) rpm(line string) {
	f := strings.Split(line, "\t")
	if len(f) < 4 || len(f) > 12 {
		l.Skipped++
		return
	}
	if f[0] == "gpg-pubkey" {
		return
	}
	p := harrier.InstalledPackage{Name: f[0], Version: withoutZero(f[1]), Arch: none(f[2])}
	if source, _, ok := cutRPM(strings.TrimSuffix(strings.TrimSuffix(strings.TrimSuffix(f[3], ".rpm"), ".src"), ".nosrc")); ok && source != p.Name {
		p.Source = source
	}
	if len(f) > 4 {
		p.Module = stream(none(f[4]))
	}
	l.add(p)
}

func none(s string) string {
	if s == "(none)" {
		return ""
	}
	return s
}

// withoutZero takes an epoch of 0 away, however it is written.
func withoutZero(version string) string {
	return strings.TrimPrefix(strings.TrimPrefix(version, "(none):"), "0:")
}

// stream is the name and stream of a module's label,
// "nginx:1.22:9020020230330:rhel9".
func stream(label string) string {
	f := strings.SplitN(label, ":", 3)
	if len(f) < 2 {
		return ""
	}
	return f[0] + ":" + f[1]
}

// cutRPM splits "name-version-release".
func cutRPM(s string) (name, version string, ok bool) {
	i := strings.LastIndexByte(s, '-')
	if i < 0 {
		return "", "", false
	}
	j := strings.LastIndexByte(s[:i], '-')
	if j <= 0 || j+1 == i || i+1 == len(s) {
		return "", "", false
	}
	return s[:j], s[j+1:], true
}

var rpmArchs = map[string]bool{
	"x86_64": true, "noarch": true, "i386": true, "i586": true, "i686": true, "aarch64": true, "armv7hl": true,
	"ppc64le": true, "ppc64": true, "s390x": true, "s390": true, "riscv64": true, "loongarch64": true, "x86_64_v2": true,
}

func looksLikeRPMNames(lines []string) bool {
	return most(lines, func(s string) bool {
		s = strings.TrimSpace(s)
		name, _, ok := cutRPM(s)
		return ok && rpmArchs[s[strings.LastIndexByte(s, '.')+1:]] && !strings.Contains(name, " ")
	})
}

// rpmName reads a line of rpm -qa. It tells no epoch and no source.
func (l *list) rpmName(line string) {
	line = strings.TrimSpace(line)
	if strings.HasPrefix(line, "gpg-pubkey-") {
		return
	}
	p := harrier.InstalledPackage{NoEpoch: true}
	if i := strings.LastIndexByte(line, '.'); i > 0 && rpmArchs[line[i+1:]] {
		line, p.Arch = line[:i], line[i+1:]
	}
	p.Name, p.Version, _ = cutRPM(line)
	l.add(p)
}

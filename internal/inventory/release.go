package inventory

import (
	"bufio"
	"bytes"
	"strings"

	"github.com/harrier-scan/harrier"
)

// distros are the IDs of os-release(5) and how many numbers of VERSION_ID make a
// release; 0 for all, -1 for a distribution without releases.
var distros = map[string]struct {
	name    string
	numbers int
}{
	"debian": {"debian", 1}, "raspbian": {"debian", 1}, "ubuntu": {"ubuntu", 0}, "alpine": {"alpine", 2},
	"rhel": {"redhat", 1}, "centos": {"centos", 1}, "almalinux": {"alma", 1}, "rocky": {"rocky", 1}, "ol": {"oracle", 1},
	"amzn": {"amazon", 0}, "fedora": {"fedora", 0}, "sles": {"sles", 0}, "sles_sap": {"sles", 0}, "opensuse-leap": {"leap", 0},
	"opensuse-tumbleweed": {"tumbleweed", -1}, "arch": {"arch", -1},
}

// OSRelease reads an os-release(5) file. It answers Invalid when it names no
// distribution whose packages are known.
func OSRelease(data []byte) (distro, release string, err error) {
	values := map[string]string{}
	for s := bufio.NewScanner(bytes.NewReader(data)); s.Scan() && len(values) < 100; {
		name, value, found := strings.Cut(strings.TrimSpace(s.Text()), "=")
		if found && !strings.HasPrefix(name, "#") {
			values[name] = strings.Trim(value, `"'`)
		}
	}
	return Distro(values["ID"] + ":" + values["VERSION_ID"])
}

// Distro reads "debian:12", as a person writes it: a word of Inventory.Distro or
// an ID of os-release(5), then the release. It answers Invalid for a
// distribution that is not known, or without the release that it has.
func Distro(s string) (distro, release string, err error) {
	id, release, _ := strings.Cut(strings.ToLower(strings.TrimSpace(s)), ":")
	d, ok := distros[id]
	if !ok {
		for _, other := range distros {
			if other.name == id && (!ok || other.numbers > d.numbers) {
				d, ok = other, true
			}
		}
	}
	switch {
	case !ok:
		return "", "", harrier.Errorf(harrier.Invalid, "distribution %.40q is not known", id)
	case d.numbers < 0:
		return d.name, "", nil
	case release == "" || release[0] < '0' || release[0] > '9' || len(release) > 20:
		return "", "", harrier.Errorf(harrier.Invalid, "distribution %s needs its release, as in %s:12", d.name, d.name)
	}
	if numbers := strings.Split(release, "."); d.numbers > 0 && len(numbers) > d.numbers {
		release = strings.Join(numbers[:d.numbers], ".")
	}
	return d.name, release, nil
}

// guess sets the distribution where the versions tell it: deb12u3, .fc40,
// .amzn2023. ".el9" tells none: five distributions write it.
func (l *list) guess() {
	if l.Distro != "" {
		return
	}
	if l.Format == "pacman" {
		l.Distro = "arch"
		return
	}
	seen := map[string]int{}
	for _, p := range l.Packages {
		for _, mark := range []struct{ before, distro string }{{"+deb", "debian:"}, {"~deb", "debian:"}, {".fc", "fedora:"}, {".amzn", "amazon:"}} {
			_, rest, found := strings.Cut(p.Version, mark.before)
			if n := leadingDigits(rest); found && n > 0 && n <= 4 && (mark.distro != "debian:" || strings.HasPrefix(rest[n:], "u")) {
				seen[mark.distro+rest[:n]]++
			}
		}
	}
	best := ""
	for id, n := range seen {
		if n > seen[best] || n == seen[best] && id > best {
			best = id
		}
	}
	if distro, release, err := Distro(best); err == nil {
		l.Distro, l.Release = distro, release
	}
}

func leadingDigits(s string) int {
	i := 0
	for i < len(s) && '0' <= s[i] && s[i] <= '9' {
		i++
	}
	return i
}

package inventory

import (
	"bytes"
	"strings"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/version"
)

func looksLikeAPK(lines []string) bool {
	return strings.HasPrefix(lines[0], "C:") || strings.HasPrefix(lines[0], "P:")
}

// readAPK reads the paragraphs of apk's database of installed packages. Each
// line is a letter, a colon and a value.
func (l *list) readAPK(data []byte) {
	var p harrier.InstalledPackage
	end := func() {
		if p.Name != "" || p.Version != "" {
			l.add(p)
		}
		p = harrier.InstalledPackage{}
	}
	for line := range bytes.Lines(data) {
		line = bytes.TrimRight(line, "\r\n")
		if len(line) == 0 {
			end()
			continue
		}
		if len(line) < 3 || line[1] != ':' || len(line) > 4*maxField {
			continue
		}
		value := string(line[2:])
		switch line[0] {
		case 'P':
			p.Name = value
		case 'V':
			p.Version = value
		case 'A':
			p.Arch = value
		case 'o':
			if p.Source = value; value == p.Name {
				p.Source = ""
			}
		}
	}
	end()
}

// cutAPK splits "name-1.2.3-r4".
func cutAPK(s string) (name, ver string, ok bool) {
	name, ver, ok = cutRPM(s)
	return name, ver, ok && version.Valid(version.APK, ver)
}

func looksLikeAPKInfo(lines []string) bool {
	return most(lines, func(s string) bool {
		_, _, ok := cutAPK(strings.TrimSpace(s))
		return ok && !strings.Contains(strings.TrimSpace(s), " ")
	})
}

// apkInfo reads a line of apk info -v. It tells no origin.
func (l *list) apkInfo(line string) {
	name, ver, ok := cutAPK(strings.TrimSpace(line))
	if !ok {
		l.Skipped++
		return
	}
	l.add(harrier.InstalledPackage{Name: name, Version: ver})
}

func looksLikeAPKList(lines []string) bool {
	return most(lines, func(s string) bool {
		f := strings.Fields(s)
		return len(f) >= 3 && strings.HasPrefix(f[2], "{") && strings.HasSuffix(f[2], "}")
	})
}

// apkList reads a line of apk list --installed: name and version, architecture,
// {origin}, (licence), [installed].
func (l *list) apkList(line string) {
	f := strings.Fields(line)
	if len(f) < 3 || strings.HasPrefix(f[0], "WARNING") {
		l.Skipped++
		return
	}
	if !strings.Contains(line, "[installed") && !strings.Contains(line, "[upgradable") {
		return // only offered
	}
	name, ver, _ := cutAPK(f[0])
	origin := strings.Trim(f[2], "{}")
	if origin == name {
		origin = ""
	}
	l.add(harrier.InstalledPackage{Name: name, Version: ver, Arch: f[1], Source: origin})
}

func looksLikePacman(lines []string) bool {
	return most(lines, func(s string) bool {
		f := strings.Fields(s)
		return len(f) == 2 && strings.Contains(f[1], "-") && version.Valid(version.ALPM, f[1])
	})
}

// pacman reads a line of pacman -Q: name and version.
func (l *list) pacman(line string) {
	f := strings.Fields(line)
	if len(f) != 2 {
		l.Skipped++
		return
	}
	l.add(harrier.InstalledPackage{Name: f[0], Version: f[1]})
}

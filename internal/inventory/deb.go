package inventory

import (
	"bytes"
	"strings"

	"github.com/harrier-scan/harrier"
)

// removed are the states of dpkg in which a package's files are not there.
var removed = map[string]bool{"not-installed": true, "config-files": true, "half-installed": true}

func looksLikeStatus(lines []string) bool {
	return strings.HasPrefix(lines[0], "Package: ") && len(lines) > 1
}

// readStatus reads the paragraphs of dpkg's status file (deb-control(5)).
func (l *list) readStatus(data []byte) {
	var p harrier.InstalledPackage
	state := ""
	end := func() {
		if p.Name != "" || p.Version != "" {
			l.addDeb(p, state)
		}
		p, state = harrier.InstalledPackage{}, ""
	}
	for line := range bytes.Lines(data) {
		line = bytes.TrimRight(line, "\r\n")
		if len(line) == 0 {
			end()
			continue
		}
		field, value, found := bytes.Cut(line, []byte(":"))
		if !found || line[0] == ' ' || line[0] == '\t' || len(value) > 4*maxField {
			continue
		}
		s := string(bytes.TrimSpace(value))
		switch string(field) {
		case "Package":
			p.Name = s
		case "Version":
			p.Version = s
		case "Architecture":
			p.Arch = s
		case "Source":
			p.Source, p.SourceVersion = cutSource(s)
		case "Status":
			state = s[strings.LastIndexByte(s, ' ')+1:]
		}
	}
	end()
}

// cutSource splits "nginx (1.22.1-9)"; the version may be missing.
func cutSource(s string) (name, version string) {
	name, version, _ = strings.Cut(s, " ")
	return name, strings.Trim(version, "()")
}

// addDeb keeps a package of dpkg unless it was removed.
func (l *list) addDeb(p harrier.InstalledPackage, state string) {
	if removed[state] {
		return
	}
	if p.Source == p.Name {
		p.Source = ""
	}
	if p.SourceVersion == p.Version {
		p.SourceVersion = ""
	}
	// Kernels are signed in a source package of their own, of which nobody
	// speaks; the package's version is that of the kernel's source.
	if strings.HasPrefix(p.Source, "linux-signed") {
		p.Source, p.SourceVersion = signedKernel(p.Source), ""
	}
	l.add(p)
}

// signedKernel is the source package whose kernels another one signs: "linux"
// for "linux-signed-amd64" of Debian, "linux-aws" for "linux-signed-aws" of
// Ubuntu.
func signedKernel(source string) string {
	switch flavour := strings.TrimPrefix(source, "linux-signed"); flavour {
	case "-amd64", "-i386", "-arm64", "-armhf", "-ppc64el", "-riscv64":
		return "linux"
	default:
		return "linux" + flavour
	}
}

func looksLikeDpkgList(lines []string) bool {
	return strings.HasPrefix(lines[0], "Desired=") || strings.HasPrefix(lines[0], "| Status=") || most(lines, func(s string) bool {
		f := strings.Fields(s)
		return len(f) >= 4 && isState(f[0]) && s[len(f[0])] == ' '
	})
}

// isState reports whether s is the first column of dpkg -l: "ii", "rc", "hi".
func isState(s string) bool {
	return (len(s) == 2 || len(s) == 3) && strings.IndexByte("uihrp", s[0]) >= 0 && strings.IndexByte("ncHUFWti", s[1]) >= 0
}

// dpkgList reads a line of dpkg -l: state, name, version, architecture, words.
func (l *list) dpkgList(line string) {
	f := strings.Fields(line)
	switch {
	case len(f) < 4 || !isState(f[0]):
		if line[0] != 'D' && line[0] != '|' && line[0] != '+' { // not the heading
			l.Skipped++
		}
	case f[0][1] == 'n' || f[0][1] == 'c' || f[0][1] == 'H':
	default:
		name, _, _ := strings.Cut(f[1], ":")
		l.addDeb(harrier.InstalledPackage{Name: name, Version: f[2], Arch: f[3]}, "")
	}
}

func looksLikeDpkgQuery(lines []string) bool {
	return most(lines, func(s string) bool {
		f := strings.Split(s, "\t")
		return len(f) >= 2 && !strings.Contains(f[0], " ") && f[0] != ""
	})
}

// dpkgQuery reads a line of dpkg-query -W: name and version, then what is there
// of architecture, source, the source's version and state.
func (l *list) dpkgQuery(line string) {
	f := strings.Split(line, "\t")
	if len(f) < 2 || len(f) > 12 {
		l.Skipped++
		return
	}
	for len(f) < 6 {
		f = append(f, "")
	}
	name, arch, _ := strings.Cut(f[0], ":")
	if f[2] != "" {
		arch = f[2]
	}
	state := strings.TrimSpace(f[5])
	if abbreviated := len(state) == 2 && isState(state); abbreviated && strings.IndexByte("ncH", state[1]) >= 0 {
		state = "config-files"
	}
	if f[1] == "" && (state == "" || removed[state]) {
		return // known to dpkg, and never installed
	}
	l.addDeb(harrier.InstalledPackage{Name: name, Version: f[1], Arch: arch, Source: f[3], SourceVersion: f[4]}, state)
}

// Package inventory reads lists of installed packages as package managers print
// or keep them. See Format for what is read.
package inventory

import (
	"bytes"
	"encoding/json"
	"strings"

	"github.com/harrier-scan/harrier"
)

// Bounds of what is read.
const (
	MaxSize     = 64 << 20 // bytes of a list
	maxPackages = 200_000
	maxField    = 512 // bytes of a name or a version
)

// Format is how a list is written.
type Format struct {
	Name    string // "dpkg-query"
	Command string // what prints it, or the file that it is
	// looks reports whether lines, the first that are not empty, are of it.
	looks func(lines []string) bool
	read  func(l *list, data []byte)
}

// formats are tried in order.
var formats = []Format{
	{"dpkg status", "/var/lib/dpkg/status", looksLikeStatus, (*list).readStatus},
	{"apk installed", "/lib/apk/db/installed", looksLikeAPK, (*list).readAPK},
	{"dpkg -l", "dpkg -l", looksLikeDpkgList, lines((*list).dpkgList)},
	{"rpm", `rpm -qa --queryformat '%{NAME}\t%{EPOCHNUM}:%{VERSION}-%{RELEASE}\t%{ARCH}\t%{SOURCERPM}\t%{MODULARITYLABEL}\n'`, looksLikeRPM, lines((*list).rpm)},
	{"dpkg-query", `dpkg-query -W -f '${Package}\t${Version}\t${Architecture}\t${source:Package}\t${source:Version}\t${db:Status-Status}\n'`, looksLikeDpkgQuery, lines((*list).dpkgQuery)},
	{"apk list", "apk list --installed", looksLikeAPKList, lines((*list).apkList)},
	{"apk info", "apk info -v", looksLikeAPKInfo, lines((*list).apkInfo)},
	{"rpm -qa", "rpm -qa", looksLikeRPMNames, lines((*list).rpmName)},
	{"pacman", "pacman -Q", looksLikePacman, lines((*list).pacman)},
}

// Formats returns what is read, in the order in which it is tried, but for
// harrier.Inventory as JSON.
func Formats() []Format { return formats }

// List is what was read of a list.
type List struct {
	harrier.Inventory
	Format  string // its name
	Skipped int    // lines or entries that could not be read
}

// Read reads a list of one of Formats, or a harrier.Inventory as JSON, whichever
// it looks like. Packages that were removed, but for their configuration, are
// left out. Where the list tells the distribution it is set, else see OSRelease.
// It answers Invalid for a list that is none of them, is larger than MaxSize, or
// holds no package.
func Read(data []byte) (List, error) {
	if len(data) > MaxSize {
		return List{}, harrier.Errorf(harrier.Invalid, "the list of packages is larger than %d MiB", MaxSize>>20)
	}
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	if trimmed := bytes.TrimSpace(data); len(trimmed) > 0 && trimmed[0] == '{' {
		return readJSON(trimmed)
	}
	head := firstLines(data, 20)
	for _, f := range formats {
		if len(head) == 0 || !f.looks(head) {
			continue
		}
		l := list{List: List{Format: f.Name}}
		f.read(&l, data)
		if len(l.Packages) == 0 {
			return List{}, harrier.Errorf(harrier.Invalid, "the list looks like that of %s and holds no installed package", f.Name)
		}
		l.guess()
		return l.List, nil
	}
	return List{}, harrier.Errorf(harrier.Invalid, "not a list of packages that is known: %s", known())
}

func known() string {
	commands := []string{"an inventory as JSON"}
	for _, f := range formats {
		commands = append(commands, f.Command)
	}
	return strings.Join(commands, "; ")
}

func readJSON(data []byte) (List, error) {
	var inv harrier.Inventory
	if err := json.Unmarshal(data, &inv); err != nil {
		return List{}, harrier.Errorf(harrier.Invalid, "an inventory as JSON: %v", err)
	}
	l := list{List: List{Format: "json", Inventory: inv}}
	packages := l.Packages
	l.Packages = nil
	for _, p := range packages {
		l.add(p)
	}
	if len(l.Packages) == 0 {
		return List{}, harrier.Errorf(harrier.Invalid, "the inventory holds no package")
	}
	return l.List, nil
}

// list is a List that is being read.
type list struct{ List }

// add keeps a package, or counts it as skipped when it has no name, no version,
// or is beyond the bounds.
func (l *list) add(p harrier.InstalledPackage) {
	for _, s := range []string{p.Name, p.Version, p.Arch, p.Source, p.SourceVersion, p.Module} {
		if len(s) > maxField || strings.ContainsFunc(s, isSpace) {
			l.Skipped++
			return
		}
	}
	if p.Name == "" || p.Version == "" || len(l.Packages) >= maxPackages {
		l.Skipped++
		return
	}
	l.Packages = append(l.Packages, p)
}

func isSpace(r rune) bool { return r <= ' ' || r == 0x7f }

// lines makes a reader of what reads one line; empty ones are left out.
func lines(one func(l *list, line string)) func(l *list, data []byte) {
	return func(l *list, data []byte) {
		for line := range bytes.Lines(data) {
			if s := strings.TrimRight(string(line), "\r\n"); strings.TrimSpace(s) != "" {
				one(l, s)
			}
		}
	}
}

// firstLines returns the first n lines that are not empty.
func firstLines(data []byte, n int) []string {
	var first []string
	for line := range bytes.Lines(data) {
		if s := strings.TrimRight(string(line[:min(len(line), 4*maxField)]), "\r\n"); strings.TrimSpace(s) != "" {
			if first = append(first, s); len(first) == n {
				break
			}
		}
	}
	return first
}

// most reports whether more than half of lines are as ok wants: one odd line
// does not change what a list is.
func most(lines []string, ok func(line string) bool) bool {
	n := 0
	for _, line := range lines {
		if ok(line) {
			n++
		}
	}
	return 2*n > len(lines)
}

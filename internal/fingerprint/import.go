package fingerprint

import (
	"errors"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/harrier-scan/harrier"
)

// Report is what Import read.
type Report struct {
	Files, Rules, Examples int
	// Failed are examples that do not tell what they say, by file and line. The
	// rules are kept: they may still tell right things.
	Failed []string
}

// Import reads the rules of a place as Open does, plays their examples, and
// writes the files of one source, Recog or User, into the folder of that name
// below top, in place of those that are there. It answers as Open does, and
// then leaves the folder as it is; Unavailable when it can not write.
func Import(place, source, top string) (Report, error) {
	var report Report
	g, err := readPlace(place)
	if err != nil {
		return report, err
	}
	var files []input
	for _, f := range g.files {
		if strings.EqualFold(path.Ext(f.name), ".xml") == (source == Recog) {
			files = append(files, f)
		}
	}
	g.files = files
	rules, err := parse(g, User)
	if err != nil {
		return report, err
	}
	if len(rules) == 0 {
		return report, harrier.Errorf(harrier.Invalid, "%s has no rules of that kind", place)
	}
	report.Files, report.Rules = len(files), len(rules)
	set := newSet(source, rules)
	for _, r := range rules {
		report.Examples += len(r.examples)
	}
	for _, fault := range set.play() {
		if source != Recog {
			return report, fault
		}
		report.Failed = append(report.Failed, harrier.MessageOf(fault))
	}
	if err := replace(filepath.Join(top, source), files); err != nil {
		return report, harrier.Errorf(harrier.Unavailable, "%s can not be written", filepath.Join(top, source)).Because(err)
	}
	return report, nil
}

// replace makes folder hold files and nothing else: all of them, or those that
// it held.
func replace(folder string, files []input) error {
	if err := os.MkdirAll(filepath.Dir(folder), 0o700); err != nil {
		return err
	}
	fresh, err := os.MkdirTemp(filepath.Dir(folder), ".new-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(fresh)
	for _, f := range files {
		name := filepath.Join(fresh, path.Base(f.name))
		if _, err := os.Stat(name); err == nil { // the same name in two folders
			name = filepath.Join(fresh, path.Base(path.Dir(f.name))+"-"+path.Base(f.name))
		}
		if err := os.WriteFile(name, f.data, 0o600); err != nil {
			return err
		}
	}
	old := fresh + ".old"
	if err := os.Rename(folder, old); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	if err := os.Rename(fresh, folder); err != nil {
		return errors.Join(err, os.Rename(old, folder))
	}
	return os.RemoveAll(old)
}

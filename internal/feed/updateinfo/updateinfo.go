// Package updateinfo reads the update notices of distributions that keep them
// beside their rpm repositories: AlmaLinux, Rocky Linux and Amazon Linux, and
// the lists of errata that the first two publish with the same content.
//
// Source: updateinfo.xml as createrepo_c and dnf read it.
package updateinfo

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/feed"
	"github.com/harrier-scan/harrier/internal/feed/csaf"
	"github.com/harrier-scan/harrier/internal/feed/rpm"
	"github.com/harrier-scan/harrier/internal/feed/wire"
)

// update is one notice.
type update struct {
	Type     string `xml:"type,attr"` // "security", "bugfix", "enhancement"
	ID       string `xml:"id"`
	Title    string `xml:"title"`
	Severity string `xml:"severity"`
	Summary  string `xml:"summary"`
	Details  string `xml:"description"`
	Solution string `xml:"solution"`
	Issued   struct {
		Date string `xml:"date,attr"`
	} `xml:"issued"`
	Updated struct {
		Date string `xml:"date,attr"`
	} `xml:"updated"`
	References []struct {
		Type string `xml:"type,attr"`
		ID   string `xml:"id,attr"`
		URL  string `xml:"href,attr"`
	} `xml:"references>reference"`
	Collections []struct {
		Short  string `xml:"short,attr"`
		Name   string `xml:"name"`
		Module struct {
			Name   string `xml:"name,attr"`
			Stream string `xml:"stream,attr"`
		} `xml:"module"`
		Packages []struct {
			Name    string `xml:"name,attr"`
			Epoch   string `xml:"epoch,attr"`
			Version string `xml:"version,attr"`
			Release string `xml:"release,attr"`
			Arch    string `xml:"arch,attr"`
		} `xml:"package"`
	} `xml:"pkglist>collection"`
}

// distribution is what differs between them.
type distribution struct {
	name string
	id   func(id string) bool // whether a notice's id is one of its own
	// ecosystem is that of a package by its release ("8.el9_0") and the name of
	// the collection that it is in; "" when it can not be told.
	ecosystem func(release, collection string) string
}

// readXML reads a file of notices. Those that are not about security are passed
// over.
func (dist distribution) readXML(r io.Reader, to feed.Sink) error {
	s := wire.NewXML(r)
	for seen := false; ; {
		e, err := s.Next("updates", "update")
		if errors.Is(err, io.EOF) && seen {
			return nil
		}
		if err != nil {
			return wire.Broken(err)
		}
		if e.Name.Local == "updates" {
			seen = true
			continue
		}
		if !seen {
			return harrier.Errorf(harrier.Invalid, "not a file of updates")
		}
		var u update
		if err := s.Decode(&u, e); err != nil {
			return err
		}
		if err := dist.put(&u, to); err != nil {
			return err
		}
	}
}

func (dist distribution) put(u *update, to feed.Sink) error {
	if !strings.EqualFold(u.Type, "security") {
		return nil
	}
	id := strings.TrimSpace(u.ID)
	if len(id) > 64 || !dist.id(id) {
		to.Bad(fmt.Sprintf("%.64s", id), errors.New("not the id of a notice"))
		return nil
	}
	rec := &harrier.Record{
		Source: dist.name, ID: id, Title: wire.Text(u.Title), Summary: wire.Text(u.Summary), Details: wire.Text(u.Details), Solution: wire.Text(u.Solution),
		Severity: severity(u.Severity), Published: wire.Time(u.Issued.Date), Modified: wire.Time(u.Updated.Date),
	}
	for _, ref := range u.References[:min(len(u.References), maxReferences)] {
		tag := ""
		if ref.Type == "self" {
			tag = "vendor-advisory"
		}
		csaf.AddReference(rec, ref.URL, tag)
		if cve := strings.ToUpper(strings.TrimSpace(ref.ID)); harrier.IsCVE(cve) {
			addCVE(rec, cve)
		}
	}
	var said rpm.Statements
	stream := streamOf(u.Title)
	bad := 0
	for _, c := range u.Collections {
		module := ""
		if c.Module.Name != "" && c.Module.Stream != "" {
			module = c.Module.Name + ":" + c.Module.Stream
		}
		for _, p := range c.Packages {
			n, ok := rpm.ParseEVR(p.Name, p.Epoch+":"+p.Version+"-"+p.Release)
			if p.Epoch == "" {
				n, ok = rpm.ParseEVR(p.Name, p.Version+"-"+p.Release)
			}
			n.Arch = p.Arch
			ecosystem := dist.ecosystem(p.Release, c.Short+" "+c.Name)
			if !ok || ecosystem == "" {
				bad++
				continue
			}
			m, from := module, ""
			if topic := topicOf(c.Short); topic != "" {
				m, from = topicRange(topic, p.Version)
			}
			if m == "" && modular(p.Release) {
				m = stream
			}
			said.Add(rpm.Claim{Ecosystem: ecosystem, Package: n, Fixed: true, From: from, Module: m, Advisory: id})
		}
	}
	rec.Affected = said.Affected()
	if bad > 0 {
		to.Bad(id, fmt.Errorf("%d packages without a version or a release of the distribution", bad))
	}
	return to.Put(rec)
}

// maxReferences bounds those of one notice that are looked at.
const maxReferences = 4096

// addCVE takes over an id that is not there yet.
func addCVE(rec *harrier.Record, cve string) {
	if !slices.Contains(rec.CVEs, cve) {
		rec.CVEs = append(rec.CVEs, cve)
	}
}

// severity is the publisher's word in lower case; "None" and the like are none.
func severity(s string) string {
	switch s = strings.ToLower(strings.TrimSpace(s)); s {
	case "critical", "important", "high", "moderate", "medium", "low":
		return s
	}
	return ""
}

// modular reports whether a release is that of a build from a module.
func modular(release string) bool {
	return strings.Contains(release, ".module+") || strings.Contains(release, ".module_")
}

// streamOf finds the module that a title names, "mariadb:10.3" in "Moderate:
// mariadb:10.3 security update"; "" where it names none or several.
func streamOf(title string) string {
	found := ""
	for w := range strings.FieldsSeq(title) {
		w = strings.Trim(w, ",;()")
		name, stream, ok := strings.Cut(w, ":")
		if !ok || name == "" || stream == "" || len(w) > 64 || strings.ContainsAny(w, "/") || strings.Contains(stream, ":") ||
			strings.ToUpper(name) == name { // the id of the notice itself
			continue
		}
		if found != "" && found != w {
			return ""
		}
		found = w
	}
	return found
}

// topicOf is the extra of Amazon Linux 2 that a collection holds, "kernel-5.15"
// of "amazon-linux-2---kernel-5.15": packages that come beside those of the core
// under the same names, at other versions.
func topicOf(collection string) string {
	topic, _ := strings.CutPrefix(collection, "amazon-linux-2---")
	if topic == collection {
		return ""
	}
	return topic
}

// topicRange tells the packages of an extra from those of the core: by the
// versions that its name ends with where the package has them ("5.15" and on),
// else as a module.
func topicRange(topic, version string) (module, from string) {
	number := topic[len(strings.TrimRight(topic, "0123456789.")):]
	if number = strings.Trim(number, "."); number != "" && (version == number || strings.HasPrefix(version, number+".")) {
		return "", number
	}
	return topic, ""
}

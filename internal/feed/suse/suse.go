// Package suse reads what SUSE says about the packages of SUSE Linux Enterprise
// and openSUSE: a VEX document per CVE, security advisories of the same shape,
// and the older CVRF documents.
//
// Source: ftp.suse.com/pub/projects/security.
package suse

import (
	"fmt"
	"io"
	"path"
	"strings"
	"time"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/feed"
	"github.com/harrier-scan/harrier/internal/feed/csaf"
	"github.com/harrier-scan/harrier/internal/feed/rpm"
)

// Format is SUSE. It fetches the archive of VEX documents, which say all that
// advisories and CVRF do; those are read where they are imported as files.
var Format = feed.Format{
	Name: "suse", Title: "SUSE security data (CSAF VEX)", Publisher: "SUSE",
	Home: "https://www.suse.com/support/security/", Licence: "CC-BY-4.0", Class: feed.Distribution,
	Remotes: func(time.Time) []feed.Remote {
		return []feed.Remote{{Name: "csaf-vex.tar.bz2", URL: "https://ftp.suse.com/pub/projects/security/csaf-vex.tar.bz2"}}
	},
	Wants: wants,
	Read: func(name string, r io.Reader, to feed.Sink) error {
		if strings.HasSuffix(strings.ToLower(name), ".xml") {
			return readCVRF(r, to)
		}
		return csaf.Read(r, "suse", to, say)
	},
}

func wants(name string) bool {
	base := strings.ToLower(path.Base(name))
	if strings.Contains(base, "suse-iu-") || strings.Contains(base, "suse-cu-") {
		return false // of images
	}
	switch path.Ext(base) {
	case ".json":
		return strings.HasPrefix(base, "cve-") || strings.HasPrefix(base, "suse-") || strings.HasPrefix(base, "opensuse-")
	case ".xml":
		return strings.HasPrefix(base, "cvrf-")
	}
	return false
}

func say(d *csaf.Document, v *csaf.Vulnerability, r *harrier.Record) (faults []error) {
	var said statements
	for c := range d.Claims(v) {
		if len(c.Item.Of) == 0 {
			continue
		}
		will := harrier.StatusAffected
		if c.Unfixed != nil && c.Unfixed.Category == "no_fix_planned" {
			will = harrier.StatusWillNotFix
		}
		said.add(c.Item.Platform().Name, c.Item.Name, c.Status, will, c.Flag)
	}
	advisory := ""
	if !strings.EqualFold(d.ID, v.CVE) {
		advisory = d.ID
	}
	var fault error
	if r.Affected, fault = said.affected(r.Affected, advisory); fault != nil {
		faults = append(faults, fault)
	}
	return faults
}

// statements gathers what is said of packages of products.
type statements struct {
	rpm.Statements
	ecosystems map[string]string // by product name
	unread     string            // a build that is named in no known way
	count      int
}

// add takes what one list says of a package of a product. will is the status of
// what is affected and has no fix.
func (s *statements) add(product, name, list string, will harrier.Status, why string) {
	ecosystem, known := s.ecosystems[product]
	if !known {
		if s.ecosystems == nil {
			s.ecosystems = map[string]string{}
		}
		ecosystem = Ecosystem(product)
		s.ecosystems[product] = ecosystem
	}
	if ecosystem == "" {
		return
	}
	c := rpm.Claim{Ecosystem: ecosystem, Why: why}
	build, ok := rpm.Parse(name)
	switch list {
	case "fixed", "first_fixed", "recommended":
		if !ok {
			s.unread = name
			s.count++
			return
		}
		c.Package, c.Fixed = build, true
		s.Add(c)
		return
	case "known_affected", "first_affected", "last_affected":
		c.Status = will
	case "known_not_affected":
		c.Status = harrier.StatusNotAffected
	case "under_investigation":
		c.Status = harrier.StatusUnknown
	default:
		return
	}
	// These lists name packages; where they do name builds it is by a release with
	// a dot, which no package's name ends with.
	c.Package.Name, _ = rpm.CutArch(name)
	if ok && strings.Contains(build.Release, ".") && build.Version[0] >= '0' && build.Version[0] <= '9' {
		c.Package.Name = build.Name
	}
	if c.Package.Name == "" || len(c.Package.Name) > 256 || strings.ContainsAny(c.Package.Name, " \t/:") {
		return
	}
	s.Add(c)
}

func (s *statements) affected(to []harrier.Affected, advisory string) ([]harrier.Affected, error) {
	for _, a := range s.Affected() {
		a.Advisory = advisory
		to = append(to, a)
	}
	if s.count > 0 {
		return to, fmt.Errorf("%d builds without a version, such as %.80q", s.count, s.unread)
	}
	return to, nil
}

// Package redhat reads what Red Hat says about its packages: a VEX document per
// CVE, and security advisories of the same shape.
//
// Source: security.access.redhat.com/data/csaf/v2, and Red Hat's description of
// its CSAF and VEX documents.
package redhat

import (
	"errors"
	"io"
	"path"
	"strings"
	"time"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/feed"
	"github.com/harrier-scan/harrier/internal/feed/csaf"
	"github.com/harrier-scan/harrier/internal/feed/rpm"
)

const vex = "https://security.access.redhat.com/data/csaf/v2/vex/"

// Format is Red Hat. It fetches the archive of VEX documents, which say all that
// the advisories do and of what has no fix besides; advisories are read where
// they are imported as files.
var Format = feed.Format{
	Name: "redhat", Title: "Red Hat security data (CSAF VEX)", Publisher: "Red Hat",
	Home: "https://access.redhat.com/security/data", Licence: "CC-BY-4.0", Class: feed.Distribution,
	Remotes: func(time.Time) []feed.Remote {
		return []feed.Remote{{Name: "vex.tar.zst", URL: vex + "archive_latest.txt", Next: archive, Hops: 1}}
	},
	Wants: wants,
	Read: func(_ string, r io.Reader, to feed.Sink) error {
		return csaf.Read(r, "redhat", to, say)
	},
}

// archive is the address of the archive that archive_latest.txt names.
func archive(page io.Reader, url string) (string, error) {
	if !strings.HasSuffix(url, "/archive_latest.txt") {
		return "", nil
	}
	b, err := io.ReadAll(io.LimitReader(page, 257))
	if err != nil {
		return "", err
	}
	name := strings.TrimSpace(string(b))
	if len(b) > 256 || name != path.Base(name) || !strings.HasSuffix(name, ".tar.zst") {
		return "", errors.New("archive_latest.txt names no archive")
	}
	return strings.TrimSuffix(url, "archive_latest.txt") + name, nil
}

func wants(name string) bool {
	base := strings.ToLower(path.Base(name))
	return strings.HasSuffix(base, ".json") &&
		(strings.HasPrefix(base, "cve-") || strings.HasPrefix(base, "rhsa-") || strings.HasPrefix(base, "rhba-") || strings.HasPrefix(base, "rhea-"))
}

// say turns claims about components of products into statements about packages.
// Products that are no rpm repositories of a release, such as container images,
// are passed over.
func say(d *csaf.Document, v *csaf.Vulnerability, r *harrier.Record) []error {
	platforms := map[string]platform{}
	plain := rpm.Statements{}
	bound := map[string]*rpm.Statements{} // by the CPE of the product that must be there
	var order []string
	for c := range d.Claims(v) {
		if len(c.Item.Of) == 0 {
			continue
		}
		uri := c.Item.Platform().CPE
		p, known := platforms[uri]
		if !known {
			p = platformOf(uri)
			platforms[uri] = p
		}
		if p.ecosystem == "" {
			continue
		}
		claim, ok := component(c)
		if !ok {
			continue
		}
		claim.Ecosystem = p.ecosystem
		to := &plain
		if p.product != "" {
			if to = bound[p.product]; to == nil {
				to = &rpm.Statements{}
				bound[p.product] = to
				order = append(order, p.product)
			}
		}
		to.Add(claim)
	}
	r.Affected = append(r.Affected, plain.Affected()...)
	for _, product := range order {
		for _, a := range bound[product].Affected() {
			a.Platforms = []string{product}
			r.Affected = append(r.Affected, a)
		}
	}
	return nil
}

// component reads a claim about a package; false for one about an image or
// another thing that is no package.
func component(c csaf.Claim) (rpm.Claim, bool) {
	var out rpm.Claim
	var named bool
	out.Package, out.Module, named = pack(c.Item)
	if out.Package.Name == "" || named && out.Package.Source() {
		return out, false // the builds of a source package are named beside it
	}
	switch c.Status {
	case "fixed", "first_fixed", "recommended":
		out.Fixed = true
		if c.Fix != nil {
			out.Advisory = advisory(c.Fix.URL)
		}
		return out, named
	case "known_affected", "first_affected", "last_affected":
		out.Status, out.Why = unfixed(c.Unfixed)
	case "known_not_affected":
		out.Status, out.Why = harrier.StatusNotAffected, c.Flag
	case "under_investigation":
		out.Status = harrier.StatusUnknown
	}
	// What has no fix is told of the component, which is the source package; of
	// builds only where an advisory names them.
	out.Source = !named && (out.Package.Arch == "" || out.Package.Source())
	return out, true
}

// unfixed reads why a component has no fix. The details are fixed words of the
// publisher.
func unfixed(r *csaf.Remediation) (harrier.Status, string) {
	if r == nil {
		return harrier.StatusAffected, ""
	}
	why := strings.TrimSpace(r.Details)
	if len(why) > 80 {
		why = ""
	}
	switch lower := strings.ToLower(why); {
	case r.Category == "no_fix_planned", strings.Contains(lower, "will not fix"), strings.Contains(lower, "out of support"):
		return harrier.StatusWillNotFix, why
	case strings.Contains(lower, "defer"):
		return harrier.StatusFixDeferred, why
	}
	return harrier.StatusAffected, ""
}

// advisory is the id at the end of an errata address, "RHSA-2023:7435".
func advisory(url string) string {
	_, id, ok := strings.Cut(url, "/errata/")
	if !ok || len(id) > 32 || !strings.HasPrefix(id, "RH") {
		return ""
	}
	return id
}

package updateinfo

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/feed"
	"github.com/harrier-scan/harrier/internal/feed/csaf"
	"github.com/harrier-scan/harrier/internal/feed/rpm"
	"github.com/harrier-scan/harrier/internal/feed/wire"
)

// almaErratum is one entry of AlmaLinux' errata.full.json.
type almaErratum struct {
	ID       string `json:"id"`
	Issued   int64  `json:"issued_date"` // seconds since 1970
	Updated  int64  `json:"updated_date"`
	Severity string `json:"severity"`
	Title    string `json:"title"`
	Details  string `json:"description"`
	Type     string `json:"type"`
	Packages []struct {
		Name    string `json:"name"`
		Epoch   string `json:"epoch"`
		Version string `json:"version"`
		Release string `json:"release"`
		Arch    string `json:"arch"`
		Module  string `json:"module"` // "mariadb:10.3:8050020220427075058:c5368500:x86_64"
	} `json:"packages"`
	References []struct {
		ID   string `json:"id"`
		Type string `json:"type"`
		URL  string `json:"href"`
	} `json:"references"`
}

// readAlma reads errata.full.json: an object with a list "data", or the list.
func readAlma(r io.Reader, to feed.Sink) error {
	in := wire.NewJSON(r, wire.MaxRecord)
	return in.List("data", func() error {
		var e almaErratum
		return in.Each(&e, func(fault error) error { return e.put(fault, to) })
	})
}

func (e *almaErratum) put(fault error, to feed.Sink) error {
	if fault != nil {
		to.Bad(e.ID, fault)
		return nil
	}
	if e.Type != "security" {
		return nil
	}
	if !alma.id(e.ID) {
		to.Bad(fmt.Sprintf("%.64s", e.ID), errors.New("not the id of a notice"))
		return nil
	}
	rec := &harrier.Record{
		Source: "alma", ID: e.ID, Title: wire.Text(e.Title), Details: wire.Text(e.Details), Severity: severity(e.Severity),
		Published: unix(e.Issued), Modified: unix(e.Updated),
	}
	for _, ref := range e.References[:min(len(e.References), maxReferences)] {
		tag := ""
		if ref.Type == "self" {
			tag = "vendor-advisory"
		}
		csaf.AddReference(rec, ref.URL, tag)
		if cve := strings.ToUpper(ref.ID); harrier.IsCVE(cve) {
			addCVE(rec, cve)
		}
	}
	stream := streamOf(e.Title)
	var said rpm.Statements
	bad := 0
	for _, p := range e.Packages {
		n, ok := rpm.ParseEVR(p.Name, cmp.Or(p.Epoch, "0")+":"+p.Version+"-"+p.Release)
		n.Arch = p.Arch
		ecosystem := alma.ecosystem(p.Release, "")
		if !ok || ecosystem == "" {
			bad++
			continue
		}
		module := ""
		if name, rest, ok := strings.Cut(p.Module, ":"); ok && name != "" && rest != "" {
			rest, _, _ = strings.Cut(rest, ":")
			module = name + ":" + rest
		} else if modular(p.Release) {
			module = stream
		}
		said.Add(rpm.Claim{Ecosystem: ecosystem, Package: n, Fixed: true, Module: module, Advisory: e.ID})
	}
	rec.Affected = said.Affected()
	if bad > 0 {
		to.Bad(e.ID, fmt.Errorf("%d packages without a version or a release of the distribution", bad))
	}
	return to.Put(rec)
}

// rockyAdvisory is one entry of Rocky's list of advisories.
type rockyAdvisory struct {
	ID        string `json:"name"`
	Title     string `json:"synopsis"`
	Summary   string `json:"topic"`
	Details   string `json:"description"`
	Kind      string `json:"kind"`
	Severity  string `json:"severity"`
	Published string `json:"published_at"`
	Updated   string `json:"updated_at"`
	CVEs      []struct {
		ID     string `json:"cve"`
		Vector string `json:"cvss3_scoring_vector"`
		Score  string `json:"cvss3_base_score"`
		CWE    string `json:"cwe"`
	} `json:"cves"`
	Packages []struct {
		NEVRA   string `json:"nevra"`
		Module  string `json:"module_name"`
		Stream  string `json:"module_stream"`
		Product string `json:"product_name"`
	} `json:"packages"`
}

// readRocky reads a page of advisories.
func readRocky(r io.Reader, to feed.Sink) error {
	in := wire.NewJSON(r, wire.MaxRecord)
	return in.List("advisories", func() error {
		var a rockyAdvisory
		return in.Each(&a, func(fault error) error { return a.put(fault, to) })
	})
}

func (a *rockyAdvisory) put(fault error, to feed.Sink) error {
	if fault != nil {
		to.Bad(a.ID, fault)
		return nil
	}
	if !strings.EqualFold(a.Kind, "security") {
		return nil
	}
	if !rocky.id(a.ID) {
		to.Bad(fmt.Sprintf("%.64s", a.ID), errors.New("not the id of a notice"))
		return nil
	}
	rec := &harrier.Record{
		Source: "rocky", ID: a.ID, Title: wire.Text(a.Title), Summary: wire.Text(a.Summary), Details: wire.Text(a.Details), Severity: severity(a.Severity),
		Published: wire.Time(a.Published), Modified: wire.Time(a.Updated),
	}
	for _, c := range a.CVEs[:min(len(a.CVEs), maxReferences)] {
		cve := strings.ToUpper(strings.TrimSpace(c.ID))
		if !harrier.IsCVE(cve) {
			continue
		}
		addCVE(rec, cve)
		// Of several the record can not say whose assessment it is.
		if base, err := strconv.ParseFloat(c.Score, 64); err == nil && len(a.CVEs) == 1 {
			csaf.AddScore(rec, "3.1", c.Vector, base)
		}
		if len(a.CVEs) == 1 {
			rec.CWEs = wire.AddCWE(nil, c.CWE)
		}
	}
	var said rpm.Statements
	bad := 0
	for _, p := range a.Packages {
		n, ok := rpm.Parse(p.NEVRA)
		ecosystem := rocky.ecosystem(n.Release, p.Product)
		if !ok || ecosystem == "" {
			bad++
			continue
		}
		module := ""
		if p.Module != "" && p.Stream != "" {
			module = p.Module + ":" + p.Stream
		}
		said.Add(rpm.Claim{Ecosystem: ecosystem, Package: n, Fixed: true, Module: module, Advisory: a.ID})
	}
	rec.Affected = said.Affected()
	if bad > 0 {
		to.Bad(a.ID, fmt.Errorf("%d packages without a version or a release of the distribution", bad))
	}
	return to.Put(rec)
}

func unix(s int64) time.Time {
	if s <= 0 || s > 1<<34 {
		return time.Time{}
	}
	return time.Unix(s, 0).UTC()
}

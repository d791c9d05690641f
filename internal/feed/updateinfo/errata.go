package updateinfo

import (
	"encoding/json"
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
	return elements(r, "data", func(raw json.RawMessage) error {
		var e almaErratum
		if err := json.Unmarshal(raw, &e); err != nil {
			to.Bad(e.ID, err)
			return nil
		}
		return e.put(to)
	})
}

func (e *almaErratum) put(to feed.Sink) error {
	if e.Type != "security" {
		return nil
	}
	if !alma.id(e.ID) {
		to.Bad(fmt.Sprintf("%.64s", e.ID), errors.New("not the id of a notice"))
		return nil
	}
	rec := &harrier.Record{
		Source: "alma", ID: e.ID, Title: csaf.Text(e.Title), Details: csaf.Text(e.Details), Severity: severity(e.Severity),
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
		n, ok := rpm.ParseEVR(p.Name, orZero(p.Epoch)+":"+p.Version+"-"+p.Release)
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
	return elements(r, "advisories", func(raw json.RawMessage) error {
		var a rockyAdvisory
		if err := json.Unmarshal(raw, &a); err != nil {
			to.Bad(a.ID, err)
			return nil
		}
		return a.put(to)
	})
}

func (a *rockyAdvisory) put(to feed.Sink) error {
	if !strings.EqualFold(a.Kind, "security") {
		return nil
	}
	if !rocky.id(a.ID) {
		to.Bad(fmt.Sprintf("%.64s", a.ID), errors.New("not the id of a notice"))
		return nil
	}
	rec := &harrier.Record{
		Source: "rocky", ID: a.ID, Title: csaf.Text(a.Title), Summary: csaf.Text(a.Summary), Details: csaf.Text(a.Details), Severity: severity(a.Severity),
		Published: csaf.Time(a.Published), Modified: csaf.Time(a.Updated),
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
		if n, err := strconv.Atoi(strings.TrimPrefix(c.CWE, "CWE-")); err == nil && n > 0 && len(a.CVEs) == 1 {
			rec.CWEs = []int{n}
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

// elements calls each for every element of the list that an object has under a
// key, one in memory at a time.
func elements(r io.Reader, key string, each func(json.RawMessage) error) error {
	d := json.NewDecoder(r)
	open := func(want json.Delim) error {
		t, err := d.Token()
		if err == nil && t != want {
			err = fmt.Errorf("%v instead of %q", t, want.String())
		}
		return err
	}
	if err := open('{'); err != nil {
		return err
	}
	found := false
	for d.More() {
		t, err := d.Token()
		if err != nil {
			return err
		}
		if t != key {
			var skip json.RawMessage
			if err := d.Decode(&skip); err != nil {
				return err
			}
			continue
		}
		found = true
		if err := open('['); err != nil {
			return err
		}
		for d.More() {
			var raw json.RawMessage
			if err := d.Decode(&raw); err != nil {
				return err
			}
			if err := each(raw); err != nil {
				return err
			}
		}
		if err := open(']'); err != nil {
			return err
		}
	}
	if !found {
		return fmt.Errorf("no list of %s", key)
	}
	return open('}')
}

func orZero(epoch string) string {
	if epoch == "" {
		return "0"
	}
	return epoch
}

func unix(s int64) time.Time {
	if s <= 0 || s > 1<<34 {
		return time.Time{}
	}
	return time.Unix(s, 0).UTC()
}

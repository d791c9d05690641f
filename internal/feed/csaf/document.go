// Package csaf reads documents of the Common Security Advisory Framework 2.0,
// advisories and VEX alike, for every publisher that speaks it, and holds the
// makers' own feeds that need nothing more.
//
// Source: OASIS Common Security Advisory Framework Version 2.0, sections 3 and 4.
package csaf

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/feed/wire"
)

// Bounds on what one document may hold. The largest that are published, of
// kernels, have some ten megabytes and a hundred thousand products.
const (
	maxDocument = 256 << 20
	maxDepth    = 32      // of branches
	maxChain    = 4       // of products that are components of others: a package of a module of a repository
	maxSame     = 16      // products under one id
	maxMembers  = 4 << 20 // of groups of products, each as often as its group is named
)

// Document is one CSAF document.
type Document struct {
	ID              string // of the tracking: "RHSA-2023:7435", "CVE-2023-6212"
	Title           string
	Category        string // "csaf_security_advisory", "csaf_vex"
	Severity        string // the aggregate one, lower case
	Status          string // "final", "interim", "draft"
	Published       time.Time
	Modified        time.Time
	Notes           []Note
	References      []Reference
	Vulnerabilities []Vulnerability

	products map[string][]Item // by product id; an id that is used twice has several
	links    map[string]link
}

// Note is a text with what it is about.
type Note struct {
	Category string `json:"category"` // "description", "summary", "details", "general"
	Title    string `json:"title"`
	Text     string `json:"text"`
}

// Reference is a link.
type Reference struct {
	Category string `json:"category"` // "self", "external"
	Summary  string `json:"summary"`
	URL      string `json:"url"`
}

// Vulnerability is one weakness and what the document says of products.
type Vulnerability struct {
	CVE   string `json:"cve"`
	Title string `json:"title"`
	CWE   struct {
		ID string `json:"id"`
	} `json:"cwe"`
	IDs []struct {
		System string `json:"system_name"`
		Text   string `json:"text"`
	} `json:"ids"`
	Notes         []Note              `json:"notes"`
	References    []Reference         `json:"references"`
	Released      string              `json:"release_date"`
	ProductStatus map[string][]string `json:"product_status"` // "fixed", "known_affected" … to product ids
	Flags         []Flag              `json:"flags"`
	Remediations  []Remediation       `json:"remediations"`
	Threats       []Threat            `json:"threats"`
	Scores        []struct {
		V2 *cvss `json:"cvss_v2"`
		V3 *cvss `json:"cvss_v3"`
		V4 *cvss `json:"cvss_v4"`
	} `json:"scores"`
}

type cvss struct {
	Version string  `json:"version"`
	Vector  string  `json:"vectorString"`
	Base    float64 `json:"baseScore"`
}

// Flag is a reason why products are not affected.
type Flag struct {
	Label    string   `json:"label"` // "vulnerable_code_not_present"
	Products []string `json:"product_ids"`
	Groups   []string `json:"group_ids"`
}

// Remediation is what to do about a vulnerability on products.
type Remediation struct {
	Category string   `json:"category"` // "vendor_fix", "none_available", "no_fix_planned", "workaround", "mitigation"
	Details  string   `json:"details"`
	URL      string   `json:"url"`
	Products []string `json:"product_ids"`
	Groups   []string `json:"group_ids"`
}

// Threat is how bad it is for products, or what is known of its use.
type Threat struct {
	Category string   `json:"category"` // "impact", "exploit_status"
	Details  string   `json:"details"`
	Products []string `json:"product_ids"`
}

// published is the document as it is published. Lists of vulnerabilities come nested
// from one publisher, against the specification.
type published struct {
	Document struct {
		Title    string `json:"title"`
		Category string `json:"category"`
		Version  string `json:"csaf_version"`
		Severity struct {
			Text string `json:"text"`
		} `json:"aggregate_severity"`
		Notes      []Note      `json:"notes"`
		References []Reference `json:"references"`
		Tracking   struct {
			ID        string `json:"id"`
			Status    string `json:"status"`
			Published string `json:"initial_release_date"`
			Modified  string `json:"current_release_date"`
		} `json:"tracking"`
	} `json:"document"`
	Tree struct {
		Branches      []branch       `json:"branches"`
		FullNames     []product      `json:"full_product_names"`
		Relationships []relationship `json:"relationships"`
		Groups        []struct {
			ID       string   `json:"group_id"`
			Products []string `json:"product_ids"`
		} `json:"product_groups"`
	} `json:"product_tree"`
	Vulnerabilities vulnerabilities `json:"vulnerabilities"`
}

type vulnerabilities []Vulnerability

// UnmarshalJSON reads a list of vulnerabilities, or a list of such lists.
func (v *vulnerabilities) UnmarshalJSON(b []byte) error {
	var flat []Vulnerability
	if err := json.Unmarshal(b, &flat); err == nil {
		*v = flat
		return nil
	}
	var nested [][]Vulnerability
	if err := json.Unmarshal(b, &nested); err != nil {
		return fmt.Errorf("vulnerabilities: %w", err)
	}
	for _, list := range nested {
		*v = append(*v, list...)
	}
	return nil
}

// Parse reads one document. It fails when there is none, or when it lacks an id.
func Parse(r io.Reader) (*Document, error) {
	var w published
	if err := wire.NewJSON(r, maxDocument).Decode(&w); err != nil {
		return nil, err
	}
	t := w.Document.Tracking
	if t.ID == "" || len(t.ID) > 256 {
		return nil, harrier.Errorf(harrier.Invalid, "a CSAF document without an id")
	}
	d := &Document{
		ID: strings.TrimSpace(t.ID), Title: w.Document.Title, Category: w.Document.Category,
		Severity: strings.ToLower(w.Document.Severity.Text), Status: t.Status,
		Published: wire.Time(t.Published), Modified: wire.Time(t.Modified),
		Notes: w.Document.Notes, References: w.Document.References, Vulnerabilities: w.Vulnerabilities,
	}
	d.read(&w)
	return d, nil
}

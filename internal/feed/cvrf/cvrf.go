// Package cvrf reads documents of the Common Vulnerability Reporting Framework,
// CSAF's forerunner in XML, a vulnerability at a time.
//
// Source: ICASI CVRF 1.1 and OASIS CSAF CVRF 1.2. What both have is read by its
// local name; what differs, the scores, has a field for each.
package cvrf

import (
	"errors"
	"io"
	"strings"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/feed/wire"
)

// maxProducts bounds the product tree.
const maxProducts = 1 << 20

// Document is what stands before the vulnerabilities.
type Document struct {
	ID        string
	Title     string
	Published string // as written, as is the next
	Modified  string
	// Products are the names of products by their ids.
	Products map[string]string
	// Parts tell of the id of a component in a product both names.
	Parts map[string]Part
}

// Part is a product as a component of another, both by name.
type Part struct{ Part, Of string }

// Vulnerability is one weakness.
type Vulnerability struct {
	Title string `xml:"Title"`
	CVE   string `xml:"CVE"`
	CWE   []struct {
		ID string `xml:"ID,attr"`
	} `xml:"CWE"`
	Released string `xml:"ReleaseDate"`
	Notes    []struct {
		Title string `xml:"Title,attr"`
		Type  string `xml:"Type,attr"`
		Text  string `xml:",chardata"`
	} `xml:"Notes>Note"`
	Statuses []struct {
		Type     string   `xml:"Type,attr"`
		Products []string `xml:"ProductID"`
	} `xml:"ProductStatuses>Status"`
	Threats []struct {
		Type     string   `xml:"Type,attr"`
		Text     string   `xml:"Description"`
		Products []string `xml:"ProductID"`
	} `xml:"Threats>Threat"`
	Scores []struct {
		Base     float64  `xml:"BaseScore"`
		Vector   string   `xml:"Vector"`
		Products []string `xml:"ProductID"`
	} `xml:"CVSSScoreSets>ScoreSet"`
	Scores2 []struct {
		Base   float64 `xml:"BaseScoreV2"`
		Vector string  `xml:"VectorV2"`
	} `xml:"CVSSScoreSets>ScoreSetV2"`
	Scores3 []struct {
		Base   float64 `xml:"BaseScoreV3"`
		Vector string  `xml:"VectorV3"`
	} `xml:"CVSSScoreSets>ScoreSetV3"`
	Remediations []Remediation `xml:"Remediations>Remediation"`
	References   []struct {
		URL string `xml:"URL"`
	} `xml:"References>Reference"`
	Revisions []struct {
		Number string `xml:"Number"`
		Date   string `xml:"Date"`
	} `xml:"RevisionHistory>Revision"`
}

// Remediation is what to do about a vulnerability on products. What is below URL
// but Products is Microsoft's own.
type Remediation struct {
	Type       string   `xml:"Type,attr"`
	Text       string   `xml:"Description"`
	URL        string   `xml:"URL"`
	Products   []string `xml:"ProductID"`
	Supersedes string   `xml:"Supercedence"`
	SubType    string   `xml:"SubType"`
	FixedBuild string   `xml:"FixedBuild"`
	Restart    string   `xml:"RestartRequired"`
}

// Read calls each for every vulnerability of a document, in order, and ends with
// its error. Product names that stand behind a vulnerability are not known to it.
func Read(r io.Reader, each func(*Document, *Vulnerability) error) error {
	s := wire.NewXML(r)
	d := &Document{Products: map[string]string{}, Parts: map[string]Part{}}
	seen := false
	for {
		e, err := s.Next("cvrfdoc", "DocumentTitle", "ID", "InitialReleaseDate", "CurrentReleaseDate", "FullProductName", "Relationship", "Vulnerability")
		if errors.Is(err, io.EOF) && seen {
			return nil
		}
		if err != nil {
			return wire.Broken(err)
		}
		if !seen && e.Name.Local != "cvrfdoc" {
			return harrier.Errorf(harrier.Invalid, "not a CVRF document")
		}
		switch e.Name.Local {
		case "cvrfdoc":
			seen = true
		case "DocumentTitle":
			err = s.Decode(&d.Title, e)
		case "ID":
			var id string
			if err = s.Decode(&id, e); d.ID == "" {
				d.ID = strings.TrimSpace(id)
			}
		case "InitialReleaseDate":
			err = s.Decode(&d.Published, e)
		case "CurrentReleaseDate":
			err = s.Decode(&d.Modified, e)
		case "FullProductName":
			var name string
			if err = s.Decode(&name, e); len(d.Products) < maxProducts {
				d.Products[wire.Attr(e, "ProductID")] = strings.TrimSpace(name)
			}
		case "Relationship":
			part, of := wire.Attr(e, "ProductReference"), wire.Attr(e, "RelatesToProductReference")
			var whole struct {
				Name struct {
					ID string `xml:"ProductID,attr"`
				} `xml:"FullProductName"`
			}
			if err = s.Decode(&whole, e); len(d.Parts) < maxProducts {
				d.Parts[whole.Name.ID] = Part{d.name(part), d.name(of)}
			}
		case "Vulnerability":
			var v Vulnerability
			if err = s.Decode(&v, e); err == nil {
				err = each(d, &v)
			}
		}
		if err != nil {
			return err
		}
	}
}

// name is that of a product, or its id where that is the name.
func (d *Document) name(id string) string {
	if name := d.Products[id]; name != "" {
		return name
	}
	return id
}

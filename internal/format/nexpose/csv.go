package nexpose

import (
	"cmp"
	"context"
	"encoding/csv"
	"io"
	"iter"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/format"
)

// Table is the table of check results: a row for each, quoted as RFC 4180 says,
// also for what was looked for and not found, where it was asked for. Its options:
//
//	columns  titles of Columns, comma separated, in the order of the file; absent
//	         means DefaultColumns
//
// Write answers Invalid for a column that is not known.
//
// Source: section 12.6.
var Table = format.Format{Name: "nexpose-csv", Title: "CSV by NeXpose's columns", Extension: "csv", MIME: "text/csv", Write: writeTable}

// DefaultColumns are the columns of the template for check results.
var DefaultColumns = []string{
	"Asset IP Address", "Service Port", "Vulnerability Test Result Code", "Vulnerability ID", "Vulnerability CVE IDs", "Vulnerability Severity Level", "Vulnerability Title",
}

// row is what the cells of a row are made of.
type row struct {
	scan   format.Scan
	host   format.Host
	place  harrier.Service
	result format.Result
	status Status // of result
	vuln   harrier.Vulnerability
	os     system
	risk   string // of the host
}

// cells are the columns by their titles.
var cells = map[string]func(row) string{
	"Asset Alternate IPv4 Addresses": none,
	"Asset Alternate IPv6 Addresses": none,
	"Asset IP Address":               func(r row) string { return address(r.host) },
	"Asset MAC Addresses":            func(r row) string { return r.host.MAC },
	"Asset Names":                    func(r row) string { return strings.Join(namesOf(r.host), ",") },
	"Asset OS Family":                func(r row) string { return r.os.family },
	"Asset OS Name":                  func(r row) string { return r.os.product },
	"Asset OS Version":               func(r row) string { return r.os.version },
	"Asset Risk Score":               func(r row) string { return r.risk },
	"Exploit Count":                  func(r row) string { return strconv.Itoa(len(r.vuln.Exploits)) },
	"Exploit Minimum Skill":          func(r row) string { return leastSkill(r.vuln) },
	"Exploit URLs":                   func(r row) string { return joined(r.vuln.Exploits, func(e harrier.Exploit) string { return e.URL }) },
	"Malware Kit Count":              func(r row) string { return strconv.Itoa(len(r.vuln.Malware())) },
	"Malware Kit Names":              func(r row) string { return joined(r.vuln.Malware(), func(m harrier.Malware) string { return m.Name }) },
	"Scan ID":                        func(r row) string { return strconv.FormatInt(int64(r.host.Scan), 10) },
	"Scan Template Name":             func(r row) string { return scanOf(r.scan, r.host).PolicyName },
	"Service Name":                   func(r row) string { return r.ofPort(ServiceName(r.place)) },
	"Service Port":                   func(r row) string { return strconv.Itoa(int(r.place.Port)) },
	"Service Product":                func(r row) string { return r.place.Product },
	"Service Protocol":               func(r row) string { return r.ofPort(string(r.place.Protocol)) },
	"Site Importance":                func(r row) string { return importance(r.host.Importance) },
	"Site Name":                      func(r row) string { return scanOf(r.scan, r.host).Name },
	"Vulnerability Additional URLs":  none,
	"Vulnerability Age":              func(r row) string { return age(r) },
	"Vulnerability CVE IDs":          func(r row) string { return strings.Join(r.vuln.CVEs, ",") },
	"Vulnerability CVE URLs": func(r row) string {
		return joined(r.vuln.CVEs, func(id string) string { return "https://nvd.nist.gov/vuln/detail/" + id })
	},
	"Vulnerability CVSS Score":            func(r row) string { return Score(r.vuln) },
	"Vulnerability CVSS Vector":           func(r row) string { return Vector(r.vuln) },
	"Vulnerability Description":           func(r row) string { return cmpText(r.vuln.Description, r.vuln.Synopsis) },
	"Vulnerability ID":                    func(r row) string { return Slug(r.vuln) },
	"Vulnerability PCI Compliance Status": func(r row) string { return r.pci() },
	"Vulnerability Proof":                 func(r row) string { return r.result.Evidence },
	"Vulnerability Published Date":        func(r row) string { return day(r.vuln.Published) },
	"Vulnerability Reference IDs":         func(r row) string { return joined(References(r.vuln), func(f Reference) string { return f.named() }) },
	"Vulnerability Reference URLs":        func(r row) string { return strings.Join(r.vuln.References, ",") },
	"Vulnerability Risk Score": func(r row) string {
		return decimal(harrier.RiskOf(r.vuln, r.result.Certainty, cmp.Or(r.host.Importance, 100)).Value)
	},
	"Vulnerability Severity Level":          func(r row) string { return strconv.Itoa(r.vuln.SeverityScoreAs(r.result.Severity)) },
	"Vulnerability Solution":                func(r row) string { return r.vuln.Solution },
	"Vulnerability Tags":                    func(r row) string { return r.vuln.Family },
	"Vulnerability Test Date":               func(r row) string { return day(r.result.At) },
	"Vulnerability Test Result Code":        func(r row) string { return r.status.Code },
	"Vulnerability Test Result Description": func(r row) string { return r.status.Word },
	"Vulnerability Title":                   func(r row) string { return r.vuln.Name },
	"Vulnerable Since":                      func(r row) string { return day(r.since()) },
}

// Columns are the titles of all columns, in rising order.
func Columns() []string {
	var out []string
	for title := range cells {
		out = append(out, title)
	}
	slices.Sort(out)
	return out
}

func none(row) string { return "" }

// since is when it was found first; zero for what was not.
func (r row) since() time.Time {
	if r.status == NotThere {
		return time.Time{}
	}
	return since(r.result)
}

func (r row) pci() string {
	if r.status == NotThere {
		return "pass"
	}
	return pci(r.vuln)
}

func (r row) ofPort(s string) string {
	if r.place.Port == 0 {
		return ""
	}
	return s
}

func (f Reference) named() string {
	if f.Source == "URL" {
		return ""
	}
	return f.Source + ":" + f.Text
}

func joined[T any](list []T, text func(T) string) string {
	var out []string
	for _, one := range list {
		if s := text(one); s != "" {
			out = append(out, s)
		}
	}
	return strings.Join(out, ",")
}

func leastSkill(v harrier.Vulnerability) string {
	ranked := []string{"Novice", "Intermediate", "Expert"}
	best := len(ranked)
	for _, e := range v.Exploits {
		best = min(best, slices.Index(ranked, cmp.Or(skills[e.Rank], "Expert")))
	}
	if best == len(ranked) {
		return ""
	}
	return ranked[best]
}

func since(r format.Result) time.Time {
	if r.Since.IsZero() {
		return r.At
	}
	return r.Since
}

func day(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.DateOnly)
}

// age is for how long the finding has been there, in words.
func age(r row) string {
	if r.scan.Made.IsZero() || r.since().IsZero() {
		return ""
	}
	return strconv.Itoa(max(0, int(r.scan.Made.Sub(r.since()).Hours()/24))) + " Days"
}

func writeTable(ctx context.Context, w io.Writer, s format.Scan, hosts iter.Seq2[format.Host, error]) error {
	titles := DefaultColumns
	if list := s.Options["columns"]; list != "" {
		titles = strings.Split(list, ",")
	}
	columns := make([]func(row) string, len(titles))
	for i, title := range titles {
		if columns[i] = cells[title]; columns[i] == nil {
			return harrier.Invalidf("columns", "%q is not a column", title)
		}
	}
	out := csv.NewWriter(w)
	record := slices.Clone(titles)
	if err := out.Write(record); err != nil {
		return err
	}
	for h, err := range hosts {
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return err
		}
		if !h.Alive {
			continue
		}
		own, places := split(h)
		places = append([]place{{results: own}}, places...)
		r := row{scan: s, host: h, risk: (&raw{scan: s}).risk(h)}
		r.os, _ = systemOf(h)
		for _, p := range places {
			r.place = p.Service
			for r.result, r.status = range resultsAt(s, h, p) {
				r.vuln = s.Lookup(r.result.Vulnerability)
				for i, cell := range columns {
					record[i] = format.Clean(cell(r))
				}
				if err := out.Write(record); err != nil {
					return err
				}
			}
		}
	}
	out.Flush()
	return out.Error()
}

// resultsAt are the findings at a place, and what was looked for there and not
// found.
func resultsAt(s format.Scan, h format.Host, p place) iter.Seq2[format.Result, Status] {
	return func(yield func(format.Result, Status) bool) {
		for _, r := range p.results {
			if !yield(r, StatusOf(r.Certainty, r.Source)) {
				return
			}
		}
		for _, c := range h.Absent {
			if c.Endpoint != p.Endpoint {
				continue
			}
			r := format.Result{Observation: harrier.Observation{Vulnerability: c.Vulnerability, Endpoint: c.Endpoint, At: h.Ended}, Severity: s.Lookup(c.Vulnerability).Severity}
			if !yield(r, NotThere) {
				return
			}
		}
	}
}

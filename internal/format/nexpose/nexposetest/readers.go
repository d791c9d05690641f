// Package nexposetest reads reports by the rules of the programs that take them
// in, each of which breaks on something else.
//
// Source: nexpose-api.md, section 16.
package nexposetest

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"net/netip"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/harrier-scan/harrier/internal/needs"
)

// Element is a part of a report.
type Element struct {
	Name     string
	Attrs    map[string]string
	Children []*Element
	Text     string
}

// Parse reads a document. It fails the test for one that is not well formed.
func Parse(t testing.TB, file []byte) *Element {
	t.Helper()
	d := xml.NewDecoder(bytes.NewReader(file))
	root := &Element{}
	open := []*Element{root}
	for {
		token, err := d.Token()
		if err != nil {
			break
		}
		top := open[len(open)-1]
		switch e := token.(type) {
		case xml.StartElement:
			one := &Element{Name: e.Name.Local, Attrs: map[string]string{}}
			for _, a := range e.Attr {
				one.Attrs[a.Name.Local] = a.Value
			}
			top.Children = append(top.Children, one)
			open = append(open, one)
		case xml.EndElement:
			open = open[:len(open)-1]
		case xml.CharData:
			top.Text += string(e)
		}
	}
	if len(open) != 1 || len(root.Children) != 1 {
		t.Fatalf("not a well-formed document: %.200s", file)
	}
	return root.Children[0]
}

// Child returns the first child of that name, nil when there is none.
func (e *Element) Child(path ...string) *Element {
	for _, name := range path {
		if e == nil {
			return nil
		}
		i := slices.IndexFunc(e.Children, func(c *Element) bool { return c.Name == name })
		if i < 0 {
			return nil
		}
		e = e.Children[i]
	}
	return e
}

// All returns all elements below e of that name.
func (e *Element) All(name string) []*Element {
	var out []*Element
	for _, c := range e.Children {
		if c.Name == name {
			out = append(out, c)
		}
		out = append(out, c.All(name)...)
	}
	return out
}

// Valid checks a file against a schema of docs/schemas; root is the way to the
// top of the module.
func Valid(t testing.TB, root, schema string, file []byte) {
	t.Helper()
	lint := needs.Binary(t, "xmllint", "libxml2-utils")
	cmd := exec.CommandContext(t.Context(), lint, "--noout", "--huge", "--nonet", "--schema", filepath.Join(root, "docs", "schemas", schema), "-") //nolint:gosec // a test's own arguments
	cmd.Stdin = bytes.NewReader(file)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("xmllint --schema %s: %v\n%.3000s", schema, err, out)
	}
}

// Raw reads a raw export as each of its readers does, and fails the test with
// what they break on. Strict also holds it to the rules of the one that takes
// IPv4 hosts of few kinds only.
func Raw(t testing.TB, file []byte, strict bool) *Element {
	t.Helper()
	if !bytes.HasPrefix(file, []byte("<NexposeReport")) {
		t.Errorf("the file does not begin with its root: %.40s", file)
	}
	doc := Parse(t, file)
	for name, read := range map[string]func(*Element) error{"DefectDojo": defectDojo, "Faraday": faraday, "dradis": dradis, "metasploit by Nokogiri": nokogiri, "metasploit by REXML": rexml} {
		if err := read(doc); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if strict {
		if err := kudelski(doc); err != nil {
			t.Errorf("kudelski: %v", err)
		}
	}
	return doc
}

func definitions(doc *Element) map[string]*Element {
	out := map[string]*Element{}
	for _, v := range doc.Child("VulnerabilityDefinitions").All("vulnerability") {
		out[strings.ToLower(v.Attrs["id"])] = v
	}
	return out
}

// common is what three of the readers have alike: every test is defined, every
// endpoint has a service, severities are numbers.
func common(doc *Element, severity func(string) error) error {
	defs := definitions(doc)
	for _, test := range doc.All("test") {
		if id, ok := test.Attrs["id"]; !ok || defs[strings.ToLower(id)] == nil {
			return fmt.Errorf("test %q has no definition", id)
		}
	}
	for _, v := range defs {
		if err := severity(v.Attrs["severity"]); err != nil {
			return err
		}
	}
	for _, e := range doc.All("endpoint") {
		if _, err := strconv.Atoi(e.Attrs["port"]); err != nil {
			return err
		}
		list := e.All("service")
		if len(list) == 0 {
			return fmt.Errorf("port %s has no service", e.Attrs["port"])
		}
		for _, s := range list {
			if s.Attrs["name"] == "" {
				return fmt.Errorf("the service of port %s has no name", e.Attrs["port"])
			}
		}
	}
	return nil
}

func defectDojo(doc *Element) error {
	for _, v := range doc.All("vulnerability") {
		for _, r := range v.All("reference") {
			if r.Attrs["source"] == "" {
				return fmt.Errorf("%s has a reference without source", v.Attrs["id"])
			}
		}
		for _, tag := range v.All("tag") {
			if tag.Text == "" {
				return fmt.Errorf("%s has a tag without text", v.Attrs["id"])
			}
		}
	}
	for _, n := range doc.All("node") {
		if n.Attrs["address"] == "" {
			return fmt.Errorf("a node has no address")
		}
	}
	return common(doc, func(s string) error { _, err := strconv.Atoi(s); return err })
}

var twelve = regexp.MustCompile(`^[0-9A-Fa-f]{12}$`)

func faraday(doc *Element) error {
	for _, n := range doc.All("node") {
		if mac, ok := n.Attrs["hardware-address"]; ok && !twelve.MatchString(mac) {
			return fmt.Errorf("hardware address %q", mac)
		}
	}
	return common(doc, func(s string) error { _, err := strconv.ParseFloat(s, 64); return err })
}

func dradis(doc *Element) error {
	for id, v := range definitions(doc) {
		for _, name := range []string{"description", "solution"} {
			if v.Child(name, "ContainerBlockElement") == nil || len(v.Child(name, "ContainerBlockElement").Children) == 0 {
				return fmt.Errorf("%s has no %s", id, name)
			}
		}
	}
	return common(doc, func(string) error { return nil })
}

// nokogiri is metasploit's reader of streams: what comes late is lost.
func nokogiri(doc *Element) error {
	var order []string
	for _, c := range doc.Children {
		order = append(order, c.Name)
	}
	if !slices.Equal(order, []string{"scans", "nodes", "VulnerabilityDefinitions"}) {
		return fmt.Errorf("the parts come as %v", order)
	}
	for _, n := range doc.All("node") {
		if n.Attrs["status"] != "alive" {
			return fmt.Errorf("node %s is %s", n.Attrs["address"], n.Attrs["status"])
		}
	}
	for id, v := range definitions(doc) {
		if v.Child("references") == nil {
			return fmt.Errorf("%s has no references", id)
		}
	}
	return nil
}

func rexml(doc *Element) error {
	for _, n := range doc.All("node") {
		if n.Child("tests") == nil {
			return fmt.Errorf("node %s has no tests", n.Attrs["address"])
		}
	}
	for _, list := range doc.All("services") {
		if len(list.Children) == 0 {
			return fmt.Errorf("services without service")
		}
		for _, s := range list.Children {
			if s.Child("tests") == nil {
				return fmt.Errorf("service %s has no tests", s.Attrs["name"])
			}
			if f := s.Child("fingerprints"); f != nil && len(f.Children) == 0 {
				return fmt.Errorf("service %s has empty fingerprints", s.Attrs["name"])
			}
		}
	}
	return nokogiri(doc)
}

// allowed are the attributes that the strictest reader knows, by element.
var allowed = map[string][]string{
	"NexposeReport": {"version"}, "scan": {"id", "name", "startTime", "endTime", "status"},
	"node": {"address", "status", "hardware-address", "device-id", "site-name", "site-importance", "scan-template", "risk-score"},
	"os":   {"certainty", "device-class", "vendor", "family", "product", "version", "arch"}, "fingerprint": {"certainty", "vendor", "family", "product", "version"},
	"test": {"id", "key", "status", "scan-id", "vulnerable-since", "pci-compliance-status"}, "endpoint": {"protocol", "port", "status"}, "service": {"name"}, "config": {"name"},
	"vulnerability": {"id", "title", "severity", "pciSeverity", "cvssScore", "cvssVector", "published", "added", "modified", "riskScore"},
	"exploit":       {"id", "title", "type", "link", "skillLevel"}, "reference": {"source"}, "Paragraph": {"preformat"},
}

// sources are the words for references that it knows.
var sources = strings.Fields("URL CVE BID XF OSVDB REDHAT DEBIAN SUSE CERT CERT-VN OVAL MS MSKB APPLE CALDERA CIAC MANDRAKE MANDRIVA NETBSD CONECTIVA SGI")

var stamp = regexp.MustCompile(`^\d{8}T\d{9}$`)

func kudelski(doc *Element) error {
	var walk func(e *Element) error
	walk = func(e *Element) error {
		for name, value := range e.Attrs {
			if !slices.Contains(allowed[e.Name], name) {
				return fmt.Errorf("%s has an attribute %s", e.Name, name)
			}
			if slices.Contains([]string{"startTime", "endTime", "vulnerable-since", "published", "added", "modified"}, name) && !stamp.MatchString(value) {
				return fmt.Errorf("%s of %s is %q", name, e.Name, value)
			}
		}
		switch e.Name {
		case "node":
			if a, err := netip.ParseAddr(e.Attrs["address"]); err != nil || !a.Is4() {
				return fmt.Errorf("address %q", e.Attrs["address"])
			}
			for _, part := range []string{"tests", "endpoints", "fingerprints"} {
				if e.Child(part) == nil {
					return fmt.Errorf("node without %s", part)
				}
			}
			if got, ok := e.Attrs["site-importance"]; ok && got != "Normal" {
				return fmt.Errorf("importance %q", got)
			}
		case "os":
			if !slices.Contains([]string{"General", "WAP", "Storage"}, e.Attrs["device-class"]) {
				return fmt.Errorf("device class %q", e.Attrs["device-class"])
			}
		case "endpoint":
			if e.Attrs["status"] != "open" {
				return fmt.Errorf("endpoint is %s", e.Attrs["status"])
			}
		case "test":
			if len(e.Children) != 1 || e.Children[0].Name != "Paragraph" {
				return fmt.Errorf("test %s has other content than a paragraph", e.Attrs["id"])
			}
		case "reference":
			if !slices.Contains(sources, e.Attrs["source"]) {
				return fmt.Errorf("reference of %s", e.Attrs["source"])
			}
		}
		for _, c := range e.Children {
			if err := walk(c); err != nil {
				return err
			}
		}
		return nil
	}
	return walk(doc)
}

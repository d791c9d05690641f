package fingerprint

import (
	"bytes"
	"encoding/base64"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"path"
	"strconv"
	"strings"

	"github.com/harrier-scan/harrier"
)

// maxParams bounds the parameters of one of Recog's fingerprints.
const maxParams = 64

// database is one of Recog's files.
type database struct {
	preference float64
	rules      []*rule
}

// The elements of Recog's files.
//
// Source: fingerprints.xsd of Recog.
type (
	recogFingerprint struct {
		Pattern     string         `xml:"pattern,attr"`
		Flags       string         `xml:"flags,attr"`
		Certainty   string         `xml:"certainty,attr"`
		Description string         `xml:"description"`
		Examples    []recogExample `xml:"example"`
		Params      []recogParam   `xml:"param"`
	}
	recogExample struct {
		Attrs []xml.Attr `xml:",any,attr"`
		Text  string     `xml:",chardata"`
	}
	recogParam struct {
		Pos   string `xml:"pos,attr"`
		Name  string `xml:"name,attr"`
		Value string `xml:"value,attr"`
	}
)

// readRecog reads one file as Recog writes it. Beside holds the files that
// examples may be in, by their paths.
func readRecog(file string, data []byte, beside map[string][]byte) (database, error) {
	d := database{preference: 0.10}
	in := xml.NewDecoder(bytes.NewReader(data))
	base := strings.TrimSuffix(path.Base(file), path.Ext(file))
	head := recogHead{kind: base}
	inside := false
	for {
		token, err := in.Token()
		line, _ := in.InputPos()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return d, wrong(file, line, "%s", err)
		}
		start, ok := token.(xml.StartElement)
		switch {
		case !ok:
		case !inside && start.Name.Local == "fingerprints":
			inside = true
			if d.preference, err = head.read(start.Attr); err != nil {
				return d, wrong(file, line, "%s", err)
			}
		case !inside:
			return d, wrong(file, line, "<%.40s> where <fingerprints> is expected", start.Name.Local)
		case start.Name.Local == "fingerprint":
			var f recogFingerprint
			if err := in.DecodeElement(&f, &start); err != nil {
				return d, wrong(file, line, "%s", err)
			}
			r, err := f.rule(head)
			if err == nil {
				r.examples, err = f.examples(strings.TrimSuffix(file, path.Ext(file)), line, beside)
			}
			if err != nil {
				return d, wrong(file, line, "%s", err)
			}
			r.file, r.line = file, line
			r.id = Recog + "/" + base + "/" + strconv.Itoa(len(d.rules)+1)
			if d.rules = append(d.rules, r); len(d.rules) > maxRules {
				return d, wrong(file, line, "more than %d fingerprints", maxRules)
			}
		default:
			if err := in.Skip(); err != nil {
				return d, wrong(file, line, "%s", err)
			}
		}
	}
	if !inside {
		return d, harrier.Errorf(harrier.Invalid, "%s:1: no <fingerprints>", file)
	}
	return d, nil
}

// recogHead is what holds for all fingerprints of a file.
type recogHead struct {
	kind    string
	prepare func(string) string
}

// read takes the attributes of the outermost element; it returns the preference.
func (h *recogHead) read(attrs []xml.Attr) (float64, error) {
	preference := 0.10 // Recog's own default
	for _, a := range attrs {
		switch a.Name.Local {
		case "matches":
			h.kind = a.Value
		case "preference":
			v, err := strconv.ParseFloat(a.Value, 64)
			if err != nil || !(v >= 0 && v <= 1) {
				return 0, fmt.Errorf("preference %q is not a number from 0 to 1", a.Value)
			}
			preference = v
		}
	}
	h.kind, h.prepare = recogKind(h.kind)
	if !kindPattern.MatchString(h.kind) {
		return 0, fmt.Errorf("matches %.60q is not a word such as ssh.banner", h.kind)
	}
	return preference, nil
}

// recogFlags are how Recog names the options of a pattern. To it, "multiline"
// is what it is to Ruby: the dot takes line breaks too.
var recogFlags = map[string]string{
	"REG_ICASE": "i", "IGNORECASE": "i", "REG_DOT_NEWLINE": "s", "REG_MULTILINE": "s", "REG_LINE_ANY_CRLF": "",
}

// rule makes a rule, without its place and examples.
func (f recogFingerprint) rule(head recogHead) (*rule, error) {
	options := "m" // the anchors of Ruby are those of lines
	for name := range strings.FieldsFuncSeq(f.Flags, func(r rune) bool { return r == ',' || r == '|' || r == ' ' }) {
		o, ok := recogFlags[name]
		if !ok {
			return nil, fmt.Errorf("the flag %.40q is not known", name)
		}
		options += o
	}
	r := &rule{kind: head.kind, source: Recog, prepare: head.prepare}
	if f.Pattern == "" {
		return nil, errors.New("a fingerprint without a pattern")
	}
	tree, err := r.accept("(?" + options + ")" + f.Pattern)
	if err != nil {
		return nil, err
	}
	m := &recogMaker{certainty: 85}
	if f.Certainty != "" {
		c, err := strconv.ParseFloat(f.Certainty, 64)
		if err != nil || !(c >= 0 && c <= 1) {
			return nil, fmt.Errorf("certainty %q is not a number from 0 to 1", f.Certainty)
		}
		m.certainty = int(c * 100)
	}
	if len(f.Params) > maxParams {
		return nil, fmt.Errorf("%d parameters; at most %d are allowed", len(f.Params), maxParams)
	}
	for _, p := range f.Params {
		pos, err := strconv.Atoi(p.Pos)
		switch {
		case err != nil || pos < 0 || pos > tree.MaxCap():
			return nil, fmt.Errorf("the parameter %.40q is of group %q, which the pattern does not have", p.Name, p.Pos)
		case p.Name == "" || len(p.Name) > 80 || len(p.Value) > 1024:
			return nil, fmt.Errorf("the parameter %.40q has no name, or a text that is too long", p.Name)
		}
		m.params = append(m.params, newParam(p.Name, pos, p.Value))
	}
	r.tells = m
	return r, nil
}

// examples decodes the examples. Folder is where those lie that are in files.
func (f recogFingerprint) examples(folder string, line int, beside map[string][]byte) ([]example, error) {
	if len(f.Examples) > maxExamples {
		return nil, fmt.Errorf("%d examples; at most %d are allowed", len(f.Examples), maxExamples)
	}
	out := make([]example, 0, len(f.Examples))
	for _, x := range f.Examples {
		e := example{text: x.Text, line: line, want: map[string]string{}}
		for _, a := range x.Attrs {
			switch a.Name.Local {
			case "_encoding":
				if a.Value != "base64" {
					return nil, fmt.Errorf("the encoding %.40q of an example is not known", a.Value)
				}
				b, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(x.Text), ""))
				if err != nil {
					return nil, fmt.Errorf("an example is not base64: %w", err)
				}
				e.text = string(b)
			case "_filename":
				b, ok := beside[path.Join(folder, path.Join("/", a.Value))]
				if e.text = string(b); !ok {
					e.file = a.Value
				}
			default:
				if a.Name.Space == "" {
					e.want[a.Name.Local] = a.Value
				}
			}
		}
		out = append(out, e)
	}
	return out, nil
}

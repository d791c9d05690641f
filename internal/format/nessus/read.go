package nessus

import (
	"io"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/format"
)

// Limits of what one document may hold.
const (
	maxHosts    = 1 << 20   // hosts of a report
	maxResults  = 100_000   // results of a host
	maxTags     = 20_000    // tags of a host
	maxEntries  = 200_000   // preferences, families and plugins of a policy
	maxHostKept = 256 << 20 // bytes of text of one host
	maxEvidence = 64 << 10  // bytes of one plugin output: the rest is cut off
	maxKnown    = 20_000    // definitions that are remembered
)

// Header is what stands before the results.
type Header struct {
	Report string // name of the report; "" in a policy file
	Policy Policy
}

// Policy is the Policy element, in the words of the file.
type Policy struct {
	Name, Comments string
	Preferences    map[string]string         // ServerPreferences by name
	Plugins        []PluginPreference        // PluginsPreferences in order
	Families       map[string]string         // "enabled", "disabled" or "mixed" by name
	Single         map[harrier.VulnID]string // IndividualPluginSelection: "enabled" or "disabled"
}

// PluginPreference is a setting that belongs to a plugin.
type PluginPreference struct {
	Plugin                         harrier.VulnID
	FullName, Name, Type, Selected string
}

// ReadHost is one host of a file.
type ReadHost struct {
	harrier.Host
	Tags    map[string]string // all host tags as they stand there
	Results []ReadResult
}

// ReadResult is one result of a host with the definition that the file carries
// for its plugin. Results of one plugin share the first definition. Several at
// one endpoint are told apart by the Key of the second and later ones: "2",
// "3" and so on.
type ReadResult struct {
	format.Result
	Definition *harrier.Vulnerability // not to be changed
}

// Read reads a .nessus file of any version from 6 on as a stream. It calls
// header once, before the first host, and then host for each, in order; their
// errors end the reading and are returned. A policy file has a header only.
//
// It answers Invalid, with the place in the file, for what is no such file,
// breaks off in the middle, or goes over a limit. Elements, attributes and
// tags that it does not know are passed over, and so are results of plugin 0.
func Read(r io.Reader, header func(Header) error, host func(ReadHost) error) error {
	return newParser(r, header, host).document()
}

func newParser(r io.Reader, header func(Header) error, host func(ReadHost) error) *parser {
	return &parser{lexer: newLexer(r), header: header, host: host, known: map[harrier.VulnID]*definition{}, words: map[string]string{}}
}

type parser struct {
	*lexer
	header func(Header) error
	host   func(ReadHost) error
	known  map[harrier.VulnID]*definition
	raw    int               // bytes of definitions that are remembered to be compared
	words  map[string]string // short texts that stand in many places, by how they are written
	head   Header
	hosts  int
	before int // results of the host before
	kept   int // bytes of text of the host in hand
}

// document reads the whole file.
func (p *parser) document() error {
	if err := p.root(); err != nil {
		return err
	}
	reported := false
	err := p.children(func(name string) error {
		switch {
		case name == "Policy" && !reported:
			return p.policy()
		case name == "Report" && !reported:
			reported = true
			return p.report()
		}
		return p.skip()
	})
	if err != nil {
		return err
	}
	if !reported {
		if err := p.header(p.head); err != nil {
			return err
		}
	}
	return p.rest()
}

// root finds the start of the document element.
func (p *parser) root() error {
	if more, err := p.fill(); err != nil {
		return err
	} else if !more {
		return p.fail("it is empty")
	}
	for p.end < 3 {
		if more, err := p.fill(); err != nil {
			return err
		} else if !more {
			break
		}
	}
	if p.end >= 3 && string(p.buf[:3]) == "\xEF\xBB\xBF" {
		p.pos = 3
	}
	for {
		t, err := p.next()
		switch {
		case err != nil:
			return err
		case t == tokenText && blank(p.text):
		case t != tokenStart:
			return p.fail("it is not XML")
		case string(p.name) == "NessusClientData":
			return p.fail("version 1 of the format is not supported, save it as version 2")
		case string(p.name) != "NessusClientData_v2":
			return p.fail("the first element is <%s>, not <NessusClientData_v2>", shown(p.name))
		default:
			return nil
		}
	}
}

// rest makes sure that nothing follows the document element.
func (p *parser) rest() error {
	for {
		t, err := p.next()
		switch {
		case err != nil:
			return err
		case t == tokenEOF:
			return nil
		case t != tokenText || !blank(p.text):
			return p.fail("something follows the document")
		}
	}
}

func blank(text []byte) bool {
	for _, c := range text {
		if c != ' ' && c != '\t' && c != '\r' && c != '\n' {
			return false
		}
	}
	return true
}

// children calls f for the start of each child of the element that was opened
// last, up to its end. f has to pass over the child's end.
func (p *parser) children(f func(name string) error) error {
	for {
		t, err := p.next()
		if err != nil {
			return err
		}
		switch t {
		case tokenStart:
			name, err := p.word(p.name)
			if err != nil {
				return err
			}
			if err := f(name); err != nil {
				return err
			}
		case tokenEnd, tokenEOF:
			return nil
		case tokenText:
		}
	}
}

func (p *parser) report() error {
	var err error
	if p.head.Report, err = p.attribute("name"); err != nil {
		return err
	}
	if err := p.header(p.head); err != nil {
		return err
	}
	return p.children(func(name string) error {
		if name != "ReportHost" {
			return p.skip()
		}
		if p.hosts++; p.hosts > maxHosts {
			return p.fail("more than %d hosts", maxHosts)
		}
		return p.reportHost()
	})
}

const (
	maxWord  = 64 // bytes of a text that is worth to be shared
	maxWords = 4096
)

// word is decode for short texts that stand again and again.
func (p *parser) word(raw []byte) (string, error) {
	if s, known := p.words[string(raw)]; known {
		return s, nil
	}
	s, err := p.decode(raw, false)
	if err == nil && len(raw) <= maxWord && len(p.words) < maxWords {
		p.words[string(raw)] = s
	}
	return s, err
}

// keep reads the text of an element and counts it.
func (p *parser) keep(limit int) (string, error) {
	s, err := p.content(limit)
	if p.kept += len(s); err == nil && p.kept > maxHostKept {
		err = p.fail("a host with too much text")
	}
	return s, err
}

package webtech

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"strings"
	"sync"

	"go.yaml.in/yaml/v3"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/prefilter"
)

// file is one file of rules. A file that has anything else is refused.
type file struct {
	Category string `yaml:"category"` // of its rules: "cms", "proxy", "printer" …
	Rules    []Rule `yaml:"rules"`
}

// Rule is how one technology is told.
type Rule struct {
	Name     string   `yaml:"name"`
	CPE      string   `yaml:"cpe"`      // "vendor:product", with "o:" or "h:" before it for systems and devices; "" when NVD has none
	Implies  []string `yaml:"implies"`  // names of rules of what it is made of
	Device   string   `yaml:"device"`   // kind of machine: "printer", "camera" …, as in the fact device.hint
	OS       string   `yaml:"os"`       // what it runs on, as in the fact os.hint
	Signs    []Sign   `yaml:"signs"`    // any of them tells the technology
	Ask      []Ask    `yaml:"ask"`      // what to ask when a sign was seen
	Category string   `yaml:"category"` // "" means the file's
}

// Ask is a product's own question: a harmless GET, sent only when another sign
// speaks for the product.
type Ask struct {
	Path  string `yaml:"path"`
	Signs []Sign `yaml:"signs"` // of the answer; they tell the product or its version
}

// Sign is one mark of a technology. Exactly one of the first group says where
// to look. Patterns are RE2; the group "v" is the version. A pattern of a body
// is searched within 512 bytes around the fixed text that it needs.
type Sign struct {
	Header   string  `yaml:"header"`   // name; the value by Match
	Cookie   string  `yaml:"cookie"`   // name, or its beginning and *; the value by Match
	Meta     string  `yaml:"meta"`     // name, property or http-equiv; the content by Match
	Body     string  `yaml:"body"`     // pattern
	Script   string  `yaml:"script"`   // pattern of a script's address
	Title    string  `yaml:"title"`    // pattern
	Location string  `yaml:"location"` // pattern of where it leads, see Reply.Leads
	Icon     []int32 `yaml:"icon"`     // hashes of icons, see Icon.MMH3

	Match  string `yaml:"match"`  // pattern of a value; "": the header, cookie or meta element is enough
	Status int    `yaml:"status"` // the reply must have this status; 0: any
	// Sure is "certain" (or ""), "guessed", or "suspect": seen alone it tells
	// nothing, but it justifies the rule's questions, and gives the version of
	// a technology that another sign tells.
	Sure string `yaml:"sure"`
	// Eg are texts that the sign must tell, "text" or "text -> version". A sign
	// of fixed text is its own example.
	Eg []string `yaml:"eg"`

	rule    *Rule
	pattern *Pattern // nil: presence is enough
	sure    harrier.Certainty
	suspect bool
	rank    int    // order among the rule's signs: lower ones tell the version first
	path    string // of the question whose answers it reads; "": every page
}

// Set is rules ready for use. Any number of looks may use one.
type Set struct {
	Rules  []*Rule
	byName map[string]*Rule

	headers map[string][]*Sign // by name in lower case
	metas   map[string][]*Sign
	cookies []*Sign
	scripts []*Sign
	titles  []*Sign
	targets []*Sign
	icons   map[int32][]*Sign
	short   []*Sign           // signs of the body that need the page as a whole: anchored ones
	finder  *prefilter.Finder // over the texts that the other signs of the body need
	bodies  [][]*Sign         // by text of the finder
}

//go:embed rules/*.yaml
var rules embed.FS

// Own returns the rules that this program brings.
var Own = sync.OnceValue(func() *Set {
	s, err := Load(rules)
	if err != nil {
		panic(err) // the files are part of the program, and tested
	}
	return s
})

// Load reads the rules of all YAML files in the folder rules of a file system.
// It answers Invalid with the first fault of each file.
func Load(fsys fs.FS) (*Set, error) {
	names, err := fs.Glob(fsys, "rules/*.yaml")
	if err != nil {
		return nil, err
	}
	s := &Set{byName: map[string]*Rule{}, headers: map[string][]*Sign{}, metas: map[string][]*Sign{}, icons: map[int32][]*Sign{}}
	var faults []error
	for _, name := range names {
		b, err := fs.ReadFile(fsys, name)
		if err == nil {
			err = s.add(b)
		}
		if err != nil {
			faults = append(faults, harrier.Errorf(harrier.Invalid, "%s: %s", path.Base(name), err))
		}
	}
	for _, r := range s.Rules {
		for _, other := range r.Implies {
			if s.byName[other] == nil {
				faults = append(faults, harrier.Errorf(harrier.Invalid, "%s implies %s, which no rule tells", r.Name, other))
			}
		}
	}
	if err := errors.Join(faults...); err != nil {
		return nil, err
	}
	s.index()
	return s, nil
}

// add reads one file.
func (s *Set) add(b []byte) error {
	var f file
	d := yaml.NewDecoder(bytes.NewReader(b))
	d.KnownFields(true)
	if err := d.Decode(&f); err != nil {
		return err
	}
	if err := d.Decode(new(file)); !errors.Is(err, io.EOF) {
		return errors.New("has more than one document")
	}
	for i := range f.Rules {
		r := &f.Rules[i]
		if r.Category == "" {
			r.Category = f.Category
		}
		if err := r.prepare(); err != nil {
			return fmt.Errorf("%s: %w", r.Name, err)
		}
		if s.byName[r.Name] != nil {
			return fmt.Errorf("%s: has a rule already", r.Name)
		}
		s.byName[r.Name], s.Rules = r, append(s.Rules, r)
	}
	return nil
}

func (r *Rule) prepare() error {
	switch {
	case r.Name == "" || r.Category == "":
		return errors.New("needs a name and a category")
	case len(r.Signs) == 0:
		return errors.New("needs a sign")
	case r.CPE != "" && strings.Count(strings.TrimPrefix(strings.TrimPrefix(r.CPE, "o:"), "h:"), ":") != 1:
		return fmt.Errorf("%q is not vendor:product", r.CPE)
	}
	rank := 0
	for i := range r.Ask {
		a := &r.Ask[i]
		if !strings.HasPrefix(a.Path, "/") || len(a.Signs) == 0 {
			return errors.New("a question needs a path and signs")
		}
		for j := range a.Signs {
			if err := a.Signs[j].prepare(r, rank, a.Path); err != nil {
				return err
			}
			rank++
		}
	}
	for i := range r.Signs {
		if err := r.Signs[i].prepare(r, rank, ""); err != nil {
			return err
		}
		rank++
	}
	return nil
}

func (s *Sign) prepare(r *Rule, rank int, path string) (err error) {
	s.rule, s.rank, s.path = r, rank, path
	expr, places := s.Match, 0
	for _, place := range []string{s.Header, s.Cookie, s.Meta} {
		if place != "" {
			places++
		}
	}
	if s.Icon != nil {
		places++
	}
	for _, pattern := range []string{s.Body, s.Script, s.Title, s.Location} {
		if pattern != "" {
			places++
			if s.Match != "" {
				return errors.New("match goes with header, cookie and meta only")
			}
			expr = pattern
		}
	}
	if places != 1 {
		return fmt.Errorf("a sign has %d places to look at", places)
	}
	switch s.Sure {
	case "", "certain":
		s.sure = harrier.Certain
	case "guessed":
		s.sure = harrier.Guessed
	case "suspect":
		s.suspect = true
	default:
		return fmt.Errorf("sure is %q", s.Sure)
	}
	if expr == "" {
		return nil
	}
	if s.pattern, err = Compile(expr); err != nil {
		return err
	}
	if s.pattern.Size > maxProgram {
		return fmt.Errorf("%q: %w", expr, errTooLong)
	}
	if s.Body != "" && !s.pattern.anchored && len(s.pattern.Literal) < 4 {
		return fmt.Errorf("%q needs a fixed text of four characters", expr)
	}
	return nil
}

// index puts the signs where they are looked for.
func (s *Set) index() {
	var texts []string
	numbers := map[string]int{}
	for _, r := range s.Rules {
		for i := range r.Signs {
			s.place(&r.Signs[i], numbers, &texts)
		}
		for a := range r.Ask {
			for i := range r.Ask[a].Signs {
				s.place(&r.Ask[a].Signs[i], numbers, &texts)
			}
		}
	}
	s.finder = prefilter.NewFinder(texts)
}

func (s *Set) place(g *Sign, numbers map[string]int, texts *[]string) {
	switch {
	case g.Header != "":
		key := strings.ToLower(g.Header)
		s.headers[key] = append(s.headers[key], g)
	case g.Meta != "":
		key := strings.ToLower(g.Meta)
		s.metas[key] = append(s.metas[key], g)
	case g.Cookie != "":
		s.cookies = append(s.cookies, g)
	case g.Script != "":
		s.scripts = append(s.scripts, g)
	case g.Title != "":
		s.titles = append(s.titles, g)
	case g.Location != "":
		s.targets = append(s.targets, g)
	case g.Icon != nil:
		for _, hash := range g.Icon {
			s.icons[hash] = append(s.icons[hash], g)
		}
	case g.pattern.anchored:
		s.short = append(s.short, g)
	default:
		n, known := numbers[g.pattern.Literal]
		if !known {
			n = len(*texts)
			numbers[g.pattern.Literal] = n
			*texts = append(*texts, g.pattern.Literal)
			s.bodies = append(s.bodies, nil)
		}
		s.bodies[n] = append(s.bodies[n], g)
	}
}

package flight

import (
	"bufio"
	"bytes"
	"cmp"
	"compress/gzip"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/harrier-scan/harrier"
)

// maxLine is how long a line may be: that of a scan with a million exclusions
// is shorter.
const maxLine = 64 << 20

// Section is a section as it was read.
type Section struct {
	Scan    Scan
	Batches []Batch
	Sent    []Sent
	End     *End      // nil: it was cut short, or goes on
	Hand    []Sent    // what was sent to addresses that were in hand when it was cut short, at HandAt
	HandAt  time.Time // zero: nothing tells
	Latest  time.Time // that it tells of
	// Fault says why it can't be relied on, besides its lacking end; "" when it
	// can.
	Fault string
}

// The faults of a section.
const (
	faultDamaged  = "a part can not be read"
	faultHeadless = "its beginning is missing"
	faultLater    = "it was written by a later version"
)

// Missing says what a section lacks so that it does not prove that nothing was
// sent to an address; "" when it does.
func (s *Section) Missing() string {
	switch {
	case s.Fault != "":
		return s.Fault
	case s.End == nil:
		return "it has no end: the scan goes on, or the engine was killed"
	}
	return s.End.Incomplete
}

// Read reads a record, plain or packed. Of what was sent it keeps what is about
// addr, or all when that is invalid. It never fails: a section with a fault says
// so.
func Read(r io.Reader, addr netip.Addr) []*Section {
	in := bufio.NewReader(r)
	p := reader{addr: addr}
	if magic, _ := in.Peek(2); bytes.Equal(magic, []byte{0x1f, 0x8b}) {
		z, err := gzip.NewReader(in)
		if err != nil {
			p.fault()
			return p.sections
		}
		r = z
	} else {
		r = in
	}
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, maxLine)
	for lines.Scan() {
		if b := bytes.TrimSpace(lines.Bytes()); len(b) > 0 {
			p.line(b)
		}
	}
	if lines.Err() != nil {
		p.fault()
	}
	return p.sections
}

// reader is a record being read.
type reader struct {
	addr     netip.Addr
	sections []*Section
}

func (p *reader) line(b []byte) {
	var l line
	if json.Unmarshal(b, &l) != nil {
		p.fault()
		return
	}
	if l.Scan != nil {
		s := &Section{Scan: *l.Scan, Latest: l.Scan.Began}
		if s.Scan.Form != version {
			s.Fault = faultLater
		}
		p.sections = append(p.sections, s)
		return
	}
	s := p.current()
	switch {
	case l.Batch != nil:
		s.Batches = append(s.Batches, *l.Batch)
		s.saw(l.Batch.Began)
	case l.Sent != nil && l.Sent.valid():
		if s.saw(l.Sent.To); !p.addr.IsValid() || l.Sent.has(p.addr) {
			s.Sent = append(s.Sent, *l.Sent)
		}
	case l.End != nil:
		s.End = l.End
		s.saw(l.End.Ended)
	default:
		p.fault()
	}
}

// current is the section that goes on; if there is none, one without a
// beginning.
func (p *reader) current() *Section {
	if n := len(p.sections); n > 0 && p.sections[n-1].End == nil {
		return p.sections[n-1]
	}
	s := &Section{Fault: faultHeadless}
	p.sections = append(p.sections, s)
	return s
}

// fault marks the section that a fault is in. Between two sections it is the
// one before as well as one that was lost.
func (p *reader) fault() {
	s := p.current()
	s.Fault = cmp.Or(s.Fault, faultDamaged)
}

func (s *Section) saw(t time.Time) {
	if t.After(s.Latest) {
		s.Latest = t
	}
}

// valid reports whether s names an address or a span.
func (s *Sent) valid() bool {
	return s.Addr.IsValid() && (!s.Last.IsValid() || s.Addr.BitLen() == s.Last.BitLen() && s.Addr.Zone() == s.Last.Zone() && !s.Last.Less(s.Addr))
}

// Answer is what one scan of one engine sent to an address.
type Answer struct {
	Files   []string     `json:"files"`
	Scan    harrier.ID   `json:"scan,omitempty"`
	UUID    harrier.UUID `json:"uuid,omitzero"`
	Engine  string       `json:"engine,omitempty"`
	Version string       `json:"version,omitempty"`
	Began   time.Time    `json:"began"`
	Ended   time.Time    `json:"ended"` // or until when there is something in the record
	Sent    []Sent       `json:"sent"`  // empty: nothing, if the record is complete; spans are of more addresses
	// Missing says why the record is not complete; "" when it is.
	Missing string `json:"missing,omitempty"`
	Target  Target `json:"target"`
	// InHand says that the address was being scanned when the record was cut
	// short, and at what time Sent was true: some more may have been sent then.
	InHand time.Time `json:"in_hand,omitzero"`
	// Rule names the rule that keeps the scan from the address; "" for none.
	Rule string `json:"rule,omitempty"`
}

// Target tells whether an address was among those to be scanned.
type Target string

// The answers. A name may stand for any address.
const (
	IsTarget  Target = "yes"
	NoTarget  Target = "no"
	MayTarget Target = "unknown"
)

// Records is what Search looked through.
type Records struct {
	Files  int       `json:"files"`
	Oldest time.Time `json:"oldest,omitzero"` // when the first section began
}

// Search looks through a folder or a file for what was sent to addr: one answer
// for each scan and engine, the oldest first, also where nothing was sent. It
// answers NotFound when there is no such folder or file.
func Search(path string, addr netip.Addr) ([]Answer, Records, error) {
	addr = addr.Unmap()
	files, err := filesOf(path)
	if err != nil {
		return nil, Records{}, err
	}
	var of Records
	var out []Answer
	for _, name := range files {
		sections, err := readFile(name, addr)
		if errors.Is(err, fs.ErrNotExist) {
			continue // too old: just removed
		}
		if err != nil {
			return nil, of, harrier.Errorf(harrier.Unavailable, "%s can not be read", name).Because(err)
		}
		of.Files++
		for _, s := range sections {
			if b := s.Scan.Began; !b.IsZero() && (of.Oldest.IsZero() || b.Before(of.Oldest)) {
				of.Oldest = b
			}
			out = merge(out, s.answer(name, addr))
		}
	}
	slices.SortStableFunc(out, func(a, b Answer) int { return a.Began.Compare(b.Began) })
	return out, of, nil
}

// filesOf are the files to read, without those that are there packed too.
func filesOf(path string) ([]string, error) {
	fi, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, harrier.Errorf(harrier.NotFound, "there are no flight records at %s", path)
	case err == nil && !fi.IsDir():
		return []string{path}, nil
	}
	names, err := records(path)
	if err != nil {
		return nil, harrier.Errorf(harrier.Unavailable, "the folder %s can not be read", path).Because(err)
	}
	var out []string
	for _, n := range names {
		if !slices.Contains(names, n+".gz") {
			out = append(out, filepath.Join(path, n))
		}
	}
	return out, nil
}

func readFile(path string, addr netip.Addr) ([]*Section, error) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) && strings.HasSuffix(path, plainName) {
		f, err = os.Open(path + ".gz") // packed meanwhile
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	sections := Read(f, addr)
	return sections, readHand(path, sections, addr)
}

// answer is what the section says about addr.
func (s *Section) answer(file string, addr netip.Addr) Answer {
	a := Answer{
		Files: []string{file}, Scan: s.Scan.Scan, UUID: s.Scan.UUID, Engine: s.Scan.Engine, Version: s.Scan.Version,
		Began: s.Scan.Began, Ended: s.Latest, Sent: s.Sent, Missing: s.Missing(), Target: NoTarget,
	}
	if hand := s.inHand(addr); len(hand) > 0 {
		a.Sent, a.InHand = append(a.Sent, hand...), s.HandAt
	}
	if a.Sent == nil {
		a.Sent = []Sent{}
	}
	plain := addr.WithZone("")
	switch {
	case s.Scan.Guard.Forbids(addr):
		a.Rule = "a guard rule says that it is never scanned"
	case s.Scan.Exclude.Contains(addr) || s.Scan.Exclude.Contains(plain):
		a.Rule = "it was excluded from the scan"
	}
	for _, b := range s.Batches {
		for _, t := range b.Targets {
			switch {
			case !t.First.IsValid():
				a.Target = likelier(a.Target, MayTarget)
			case harrier.Targets{t}.Contains(addr) || harrier.Targets{t}.Contains(plain):
				a.Target = IsTarget
			}
		}
	}
	if s.Fault != "" {
		a.Target = likelier(a.Target, MayTarget)
	}
	return a
}

func likelier(a, b Target) Target {
	for _, t := range []Target{IsTarget, MayTarget} {
		if a == t || b == t {
			return t
		}
	}
	return NoTarget
}

// merge puts a to the others of its scan and engine.
func merge(list []Answer, a Answer) []Answer {
	i := slices.IndexFunc(list, func(b Answer) bool { return !a.UUID.IsZero() && b.UUID == a.UUID && b.Engine == a.Engine })
	if i < 0 {
		return append(list, a)
	}
	b := &list[i]
	if !slices.Contains(b.Files, a.Files[0]) {
		b.Files = append(b.Files, a.Files[0])
	}
	if a.Began.Before(b.Began) {
		b.Began = a.Began
	}
	if a.Ended.After(b.Ended) {
		b.Ended = a.Ended
	}
	b.Sent = append(b.Sent, a.Sent...)
	if a.InHand.After(b.InHand) {
		b.InHand = a.InHand
	}
	b.Missing, b.Rule = cmp.Or(b.Missing, a.Missing), cmp.Or(b.Rule, a.Rule)
	b.Target = likelier(a.Target, b.Target)
	return list
}

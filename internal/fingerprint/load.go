package fingerprint

import (
	"archive/tar"
	"cmp"
	"compress/gzip"
	"errors"
	"io"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/harrier-scan/harrier"
)

// Limits of what is read at a time.
const (
	maxFile  = 8 << 20  // bytes
	maxTotal = 64 << 20 // bytes of all files
	maxFiles = 1000
	maxAll   = 100_000 // rules
)

// Open reads the rules of a folder with all below it, of a .tar.gz file, or of
// one file: *.yaml and *.yml in the own format, *.xml as Recog writes them;
// other files are passed over. It answers Invalid for rules that are not right,
// naming file and line, and for a place without any rule; NotFound when there
// is no such place. Then there is no set, not even of the files that are right.
func Open(place string) (*Set, error) {
	files, err := readPlace(place)
	if err != nil {
		return nil, err
	}
	rules, err := parse(files, User)
	if err != nil {
		return nil, err
	}
	return finish(place, rules)
}

// Load is Open for a file system, for instance one that is embedded.
func Load(fsys fs.FS) (*Set, error) {
	files, err := readFS(fsys)
	if err != nil {
		return nil, err
	}
	rules, err := parse(files, User)
	if err != nil {
		return nil, err
	}
	return finish("the folder", rules)
}

// finish makes a set of what a user brought: the rules of the own format in
// front of Recog's.
func finish(place string, rules []*rule) (*Set, error) {
	if len(rules) == 0 {
		return nil, harrier.Errorf(harrier.Invalid, "%s has no rules: no .yaml or .xml file", place)
	}
	var user, recog []*rule
	for _, r := range rules {
		if r.source == Recog {
			recog = append(recog, r)
		} else {
			user = append(user, r)
		}
	}
	s := &Set{}
	if len(user) > 0 {
		own := newSet(User, user)
		if faults := own.play(); len(faults) > 0 {
			return nil, errors.Join(faults...)
		}
		s = own
	}
	if len(recog) > 0 {
		s = s.Layer(newSet(Recog, recog))
	}
	s.forget()
	return s, nil
}

// load reads rules that are known to be right.
func load(fsys fs.FS, source string) (*Set, error) {
	files, err := readFS(fsys)
	if err != nil {
		return nil, err
	}
	rules, err := parse(files, source)
	if err != nil {
		return nil, err
	}
	s := newSet(source, rules)
	s.forget()
	return s, nil
}

// forget drops the examples, which have been played.
func (s *Set) forget() {
	for _, l := range s.layers {
		for _, x := range l.kinds {
			for _, r := range x.rules {
				r.examples, r.not = nil, nil
			}
		}
	}
}

// input is a file of rules.
type input struct {
	name string
	data []byte
}

func wanted(name string) bool {
	switch strings.ToLower(path.Ext(name)) {
	case ".yaml", ".yml", ".xml":
		return !strings.HasPrefix(path.Base(name), ".")
	}
	return false
}

func readPlace(place string) (gatherer, error) {
	info, err := os.Stat(place)
	if err != nil {
		return gatherer{}, harrier.Errorf(harrier.NotFound, "%s can not be read", place).Because(err)
	}
	if info.IsDir() {
		return readFS(os.DirFS(place))
	}
	f, err := os.Open(place)
	if err != nil {
		return gatherer{}, harrier.Errorf(harrier.NotFound, "%s can not be read", place).Because(err)
	}
	defer f.Close()
	if strings.HasSuffix(place, ".gz") || strings.HasSuffix(place, ".tgz") {
		files, err := readTar(f)
		if err != nil && harrier.KindOf(err) == harrier.Internal {
			return gatherer{}, harrier.Errorf(harrier.Invalid, "%s is not a .tar.gz file", place).Because(err)
		}
		return files, err
	}
	var g gatherer
	err = g.add(filepath.Base(place), f)
	return g, err
}

// gatherer reads files within the limits.
type gatherer struct {
	files  []input
	beside map[string][]byte // small files that are no rules, which examples may name
	total  int
}

// maxBeside bounds one file of an example.
const maxBeside = 64 << 10

func (g *gatherer) add(name string, r io.Reader) error {
	limit := int64(maxFile)
	if !wanted(name) {
		if limit = maxBeside; len(g.beside) == maxFiles {
			return nil
		}
	}
	data, err := io.ReadAll(io.LimitReader(r, limit+1))
	if !wanted(name) && (err != nil || len(data) > maxBeside) {
		return nil //nolint:nilerr // a file that is not asked for
	}
	g.total += len(data)
	switch {
	case err != nil:
		return harrier.Errorf(harrier.Invalid, "%s can not be read", name).Because(err)
	case len(data) > maxFile:
		return harrier.Errorf(harrier.Invalid, "%s has more than %d MiB", name, maxFile>>20)
	case g.total > maxTotal:
		return harrier.Errorf(harrier.Invalid, "the files have more than %d MiB together", maxTotal>>20)
	case len(g.files) == maxFiles:
		return harrier.Errorf(harrier.Invalid, "there are more than %d files", maxFiles)
	}
	if wanted(name) {
		g.files = append(g.files, input{name, data})
		return nil
	}
	if g.beside == nil {
		g.beside = map[string][]byte{}
	}
	g.beside[path.Clean(name)] = data
	return nil
}

func readFS(fsys fs.FS) (gatherer, error) {
	var g gatherer
	err := fs.WalkDir(fsys, ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && name != "." && strings.HasPrefix(d.Name(), "."):
			return fs.SkipDir // one that is being written
		case !d.Type().IsRegular():
			return nil
		}
		f, err := fsys.Open(name)
		if err != nil {
			return err
		}
		defer f.Close()
		return g.add(name, f)
	})
	return g, err
}

func readTar(r io.Reader) (gatherer, error) {
	var g gatherer
	zip, err := gzip.NewReader(r)
	if err != nil {
		return g, err
	}
	archive := tar.NewReader(io.LimitReader(zip, 4*maxTotal))
	for {
		h, err := archive.Next()
		switch {
		case errors.Is(err, io.EOF):
			return g, nil
		case err != nil:
			return g, err
		case h.Typeflag != tar.TypeReg:
			continue
		}
		if err := g.add(h.Name, archive); err != nil {
			return g, err
		}
	}
}

// parse reads files in the order of their names, Recog's by their preference.
func parse(g gatherer, source string) ([]*rule, error) {
	files := g.files
	slices.SortFunc(files, func(a, b input) int { return cmp.Compare(a.name, b.name) })
	var out []*rule
	var databases []database
	for _, f := range files {
		if strings.EqualFold(path.Ext(f.name), ".xml") {
			d, err := readRecog(f.name, f.data, g.beside)
			if err != nil {
				return nil, err
			}
			databases = append(databases, d)
			continue
		}
		rules, err := readYAML(f.name, f.data, source)
		if err != nil {
			return nil, err
		}
		out = append(out, rules...)
	}
	slices.SortStableFunc(databases, func(a, b database) int { return cmp.Compare(b.preference, a.preference) })
	for _, d := range databases {
		out = append(out, d.rules...)
	}
	if len(out) > maxAll {
		return nil, harrier.Errorf(harrier.Invalid, "there are more than %d rules", maxAll)
	}
	return out, unique(out)
}

// unique fails when two rules have one id.
func unique(rules []*rule) error {
	have := make(map[string]*rule, len(rules))
	for _, r := range rules {
		if other := have[r.id]; other != nil {
			return wrong(r.file, r.line, "the id %s is taken by %s:%d", r.id, other.file, other.line)
		}
		have[r.id] = r
	}
	return nil
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

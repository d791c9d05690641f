package xmlfeed

import (
	"errors"
	"io"
	"strings"
	"testing"
)

type item struct {
	Name string `xml:"name"`
}

// names reads every item of a document.
func names(doc io.Reader) (out []string, err error) {
	s := newStream(doc, 1<<16)
	for {
		e, err := s.Next("item")
		if err != nil {
			return out, err
		}
		var i item
		if err := s.Decode(&i, e); err != nil {
			return out, err
		}
		out = append(out, Attr(e, "id")+":"+i.Name)
	}
}

func TestStream(t *testing.T) {
	const head = `<?xml version="1.0" encoding="ISO-8859-1"?>`
	got, err := names(strings.NewReader(head + "<list><x><item id=\"1\"><name>caf\xe9</name></item></x><item><name>b</name><more><item/></more></item></list>"))
	if !errors.Is(err, io.EOF) || strings.Join(got, " ") != "1:café :b" {
		t.Errorf("names = %q, %v; want 1:café, :b and the end", got, err)
	}
}

func TestStreamRefuses(t *testing.T) {
	for what, doc := range map[string]string{
		"cut off":           "<list><item><name>a</name></item>",
		"cut in an element": "<list><item><name>a",
		"entities":          `<!DOCTYPE l [<!ENTITY a "b">]><list><item><name>&a;</name></item></list>`,
		"depth":             strings.Repeat("<list>", maxDepth+1),
		"another encoding":  `<?xml version="1.0" encoding="EBCDIC"?><list/>`,
		"wrong order":       "<list></item></list>",
	} {
		if _, err := names(strings.NewReader(doc)); err == nil || err == io.EOF { //nolint:errorlint // the bare one is the end
			t.Errorf("%s: %v; want an error", what, err)
		}
	}
	_, err := names(io.MultiReader(strings.NewReader("<list><item><name>"), endless{}))
	if err == nil || !strings.Contains(err.Error(), "an element of more than") {
		t.Errorf("an element without an end: %v; want that it is too long", err)
	}
}

// endless is text without an end.
type endless struct{}

func (endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = 'a'
	}
	return len(p), nil
}

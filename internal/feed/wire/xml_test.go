package wire

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
	s := newXML(doc, 1<<16)
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

func TestXML(t *testing.T) {
	const head = `<?xml version="1.0" encoding="ISO-8859-1"?>`
	got, err := names(strings.NewReader(head + "<list><x><item id=\"1\"><name>caf\xe9</name></item></x><item><name>b</name><more><item/></more></item></list>"))
	if !errors.Is(err, io.EOF) || strings.Join(got, " ") != "1:café :b" {
		t.Errorf("names = %q, %v; want 1:café, :b and the end", got, err)
	}
}

func TestXMLRefuses(t *testing.T) {
	for what, doc := range map[string]string{
		"cut off":           "<list><item><name>a</name></item>",
		"cut in an element": "<list><item><name>a",
		"entities":          `<!DOCTYPE l [<!ENTITY a "b">]><list><item><name>&a;</name></item></list>`,
		"depth":             strings.Repeat("<list>", maxElements+1),
		"another encoding":  `<?xml version="1.0" encoding="EBCDIC"?><list/>`,
		"wrong order":       "<list></item></list>",
	} {
		if _, err := names(strings.NewReader(doc)); err == nil || err == io.EOF { //nolint:errorlint // the bare one is the end
			t.Errorf("%s: %v; want an error", what, err)
		}
	}
	_, err := names(io.MultiReader(strings.NewReader("<list><item><name>"), letters{}))
	if err == nil || !strings.Contains(err.Error(), "a value has more than") {
		t.Errorf("an element without an end: %v; want that it is too long", err)
	}
}

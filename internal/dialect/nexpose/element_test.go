package nexpose

import (
	"bytes"
	"io"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/harrier-scan/harrier"
)

func TestParse(t *testing.T) {
	e, err := parse([]byte("\xef\xbb\xbf  <!-- c --><Site id='7' Risk_Factor=\"1.5\" empty=''>a<x:Host>h&#x41;</x:Host> b <HOST>two</HOST></Site>\n<!-- c -->"))
	if err != nil {
		t.Fatal(err)
	}
	f, ferr := e.float("riskfactor", 1)
	g, gerr := e.float("risk-factor", 1)
	if e.name != "Site" || e.attr("ID") != "7" || e.attr("missing", "id") != "7" || f != 1 || g != 1.5 || ferr != nil || gerr != nil {
		t.Errorf("parse = %+v, %v, %v; want id 7, risk-factor 1.5", e, f, g)
	}
	if !e.has("empty") || e.has("absent") || e.attr("empty") != "" || e.content() != "a b" {
		t.Errorf("has, content = %v, %v, %q", e.has("empty"), e.has("absent"), e.content())
	}
	if got := e.child("host").content() + e.child("x:host").content(); got != "twohA" || len(e.all("host", "X:Host")) != 2 {
		t.Errorf("children = %q; want twohA", got)
	}
	if e.child("no", "such").attr("x") != "" || e.child("no").content() != "" || len(e.child("no").all("x")) != 0 {
		t.Error("a missing element has content")
	}
}

func TestParseLatin(t *testing.T) {
	e, err := parse([]byte("<?xml version='1.0' encoding='ISO-8859-1'?><a b='M\xfcller'/>"))
	if err != nil || e.attr("b") != "Müller" {
		t.Errorf("parse = %v, %v; want Müller", e, err)
	}
}

// TestParseRefuses shows that what is malformed or out of bounds fails soon and
// costs little.
func TestParseRefuses(t *testing.T) {
	bomb := `<!DOCTYPE l [<!ENTITY a "ha">` + strings.Repeat(`<!ENTITY b "&a;&a;&a;&a;">`, 50) + `]><l>&b;</l>`
	for name, body := range map[string]string{
		"empty": "", "no element": "<!-- -->", "text": "hello", "two roots": "<a/><b/>", "open": "<a><b></b>", "crossed": "<a><b></a></b>",
		"entity": "<a>&b;</a>", "entities": bomb, "external": `<!DOCTYPE a SYSTEM "http://127.0.0.1/x"><a/>`, "text after": "<a/>b",
		"deep": strings.Repeat("<a>", 10_000) + strings.Repeat("</a>", 10_000), "encoding": "<?xml version='1.0' encoding='ebcdic'?><a/>",
		"elements": "<a>" + strings.Repeat("<b/>", maxElements) + "</a>", "not text": "<a>\xff\xfe</a>", "attribute": "<a b=c/>",
		"twice closed": "<a></a></a>",
	} {
		t.Run(name, func(t *testing.T) {
			if e, err := parse([]byte(body)); harrier.KindOf(err) != harrier.Invalid || err == nil {
				t.Errorf("parse = %v, %v; want Invalid", e, err)
			}
		})
	}
}

// TestParseMany reads texts in many pieces without copying them again and again.
func TestParseMany(t *testing.T) {
	body := []byte("<a>" + strings.Repeat("x<b/>", maxElements-1) + "</a>")
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	e, err := parse(body)
	runtime.ReadMemStats(&after)
	if err != nil || len(e.content()) != maxElements-1 {
		t.Fatalf("parse = %v; want %d pieces of text", err, maxElements-1)
	}
	if used := (after.TotalAlloc - before.TotalAlloc) >> 20; used > 500 {
		t.Errorf("reading %d MiB took %d MiB", len(body)>>20, used)
	}
}

func TestOut(t *testing.T) {
	var b bytes.Buffer
	o := newOut(&b)
	o.start("R", "success", "1")
	o.attr("a", "<\"&'>\n\x00\xff")
	o.empty("E")
	o.leaf("L", "a<b>&\"c\"\x07\r\n", "n", "1")
	o.leaf("M", "")
	o.end()
	if err := o.flush(); err != nil {
		t.Fatal(err)
	}
	want := `<R success="1" a="&lt;&quot;&amp;'&gt;&#10;"><E/><L n="1">a&lt;b&gt;&amp;"c"&#13;` + "\n" + `</L><M></M></R>`
	if b.String() != want {
		t.Errorf("out = %s; want %s", b.String(), want)
	}
}

func TestTimes(t *testing.T) {
	at := time.Date(2016, 3, 3, 16, 19, 38, 459_000_000, time.UTC)
	if s := stamp(at); s != "20160303T161938459" {
		t.Errorf("stamp = %s", s)
	}
	for s, want := range map[string]time.Time{
		"20160303T161938459": at, "20160303T16193845": at.Add(-9 * time.Millisecond), "20160303T161938": at.Truncate(time.Second),
		"20160303": at.Truncate(24 * time.Hour), "20061131T00000000": {}, "": {}, "20160303T1619384x9": {}, "T": {},
	} {
		got, ok := parseTime(s)
		if !got.Equal(want) || ok != !want.IsZero() {
			t.Errorf("parseTime(%q) = %v, %v; want %v", s, got, ok, want)
		}
	}
}

// FuzzParse looks for requests that are not read the same again when they are
// written.
func FuzzParse(f *testing.F) {
	for _, s := range []string{"<a b='c'>d<e/></a>", "<?xml version='1.0' encoding='latin1'?><a>\xfc</a>", "<a:b c:d='&#65;'/>", "<a><![CDATA[<x>]]></a>"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		e, err := parse(body)
		if err != nil {
			if harrier.KindOf(err) != harrier.Invalid {
				t.Fatalf("parse(%q) = %v; want Invalid", body, err)
			}
			return
		}
		o := newOut(io.Discard)
		rewrite(o, e)
		if err := o.flush(); err != nil || len(o.open) > 0 {
			t.Fatalf("written again: %v, %v left open", err, o.open)
		}
	})
}

func rewrite(o *out, e *element) {
	o.start(e.name)
	for _, a := range e.attrs {
		o.attr(a.key, a.value)
	}
	o.text(e.content())
	for _, c := range e.children {
		rewrite(o, c)
	}
	o.end()
}

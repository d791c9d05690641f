package wire

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/harrier-scan/harrier"
)

func invalid(err error) bool {
	var e *harrier.Error
	return errors.As(err, &e) && e.Kind == harrier.Invalid
}

func TestCVE(t *testing.T) {
	for in, want := range map[string]string{
		"CVE-2024-6387": "CVE-2024-6387", " cve-2026-123633 ": "CVE-2026-123633",
		"CVE-2024-638": "", "CVE-24-6387": "", "CVE-2024-63x7": "", "GHSA-2p49-hgcm-8545": "", "CVE-2024": "", "CVE-2024-" + strings.Repeat("1", 20): "", "": "",
	} {
		if got, ok := CVE(in); ok != (want != "") || ok && got != want {
			t.Errorf("CVE(%q) = %q, %v; want %q", in, got, ok, want)
		}
	}
}

func TestTime(t *testing.T) {
	for in, want := range map[string]string{
		"2024-06-29T16:54:34.113": "2024-06-29T16:54:34.113Z", "2024-06-29T16:54:34.113Z": "2024-06-29T16:54:34.113Z",
		"2024-06-29T16:54:34+02:00": "2024-06-29T14:54:34Z", "2021-04-14T00:00:00+0000": "2021-04-14T00:00:00Z",
		"2024-06-29": "2024-06-29T00:00:00Z", "2024-06-29T16:54Z": "2024-06-29T16:54:00Z",
		"29.6.2024": "", "": "", "2024-13-29": "", "0000-01-01": "",
	} {
		got := ""
		if at := Time(in); !at.IsZero() {
			got = at.Format(time.RFC3339Nano)
		}
		if got != want {
			t.Errorf("Time(%q) = %q; want %q", in, got, want)
		}
	}
}

func TestCWE(t *testing.T) {
	for in, want := range map[string]int{"CWE-79": 79, "cwe-79 Cross": 79, " CWE-787: Out": 787, "CWE-": 0, "NVD-CWE-noinfo": 0, "79": 0, "CWE-99999999999999999999": 0} {
		if got := CWE(in); got != want {
			t.Errorf("CWE(%q) = %d; want %d", in, got, want)
		}
	}
}

func TestText(t *testing.T) {
	for in, want := range map[string]string{"  a\tb\x00\nc\r\n ": "a\tb\nc", "\xffx": "\uFFFDx", "": ""} {
		if got := Text(in); got != want {
			t.Errorf("Text(%q) = %q; want %q", in, got, want)
		}
	}
	if got := Word("a\nb"); got != "a b" {
		t.Errorf("Word of two lines = %q", got)
	}
	if got := Word(strings.Repeat("ä", 500)); len(got) != MaxWord {
		t.Errorf("Word kept %d bytes", len(got))
	}
	if got := Word("x" + strings.Repeat("ä", 500)); len(got) != MaxWord-1 {
		t.Errorf("Word kept %d bytes, with half a letter", len(got))
	}
}

func TestScore(t *testing.T) {
	for in, want := range map[string]string{"CVSS:3.1/AV:N/AC:L": "3.1", "CVSS:4.0/AV:N": "4.0", "(AV:N/AC:L)": "2.0", "CVSS:9.9/AV:N": "", "nonsense": "", "AV:N/<b>": "", "": ""} {
		if got, ok := Score(in, 5, "x", false); ok != (want != "") || ok && got.Version != want {
			t.Errorf("Score(%q) = %+v, %v; want version %q", in, got, ok, want)
		}
	}
	for _, base := range []float64{-1, 10.1} {
		if _, ok := Score("AV:N/AC:L", base, "", false); ok {
			t.Errorf("a base of %v is taken", base)
		}
	}
}

func TestLinks(t *testing.T) {
	var l Links
	l.Add("https://example.org/a", "Vendor Advisory", "x_transferred", "")
	l.Add("javascript:alert(1)")
	l.Add("https://example.org/a b")
	l.Add("http://")
	l.Add("ftp://example.org/b")
	l.Add(" https://example.org/a ", "patch", "vendor-advisory")
	want := []harrier.Reference{{URL: "https://example.org/a", Tags: []string{"vendor-advisory", "patch"}}, {URL: "ftp://example.org/b"}}
	if diff := cmp.Diff(want, l.List()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for i := range 2 * maxLinks {
		l.Add(fmt.Sprintf("https://example.org/%d", i))
	}
	if n := len(l.List()); n != maxLinks {
		t.Errorf("%d links are kept; want %d", n, maxLinks)
	}
}

func TestParseCPE(t *testing.T) {
	for in, want := range map[string]string{
		"cpe:2.3:a:F5:nginx:1.0:*:*:*:*:*:*:*":           "cpe:2.3:a:f5:nginx:1.0:*:*:*:*:*:*:*",
		`cpe:2.3:a:x:y\:z:*:*:*:*:*:node.js:*:*`:         `cpe:2.3:a:x:y\:z:*:*:*:*:*:node.js:*:*`,
		"cpe:2.3:a:x:y:*":                                "cpe:2.3:a:x:y:*:*:*:*:*:*:*:*",
		"cpe:/o:redhat:enterprise_linux:9::appstream":    "cpe:2.3:o:redhat:enterprise_linux:9:*:appstream:*:*:*:*:*",
		"cpe:2.3:a:x:*:*:*:*:*:*:*:*:*":                  "",
		"cpe:2.3:x:x:y:*:*:*:*:*:*:*:*":                  "",
		"cpe:2.3:a:x:y":                                  "",
		"cpe:2.3:a:x:y:*:*:*:*:*:*:*:*:*":                "",
		"cpe:2.3:a:x::*:*:*:*:*:*:*:*":                   "",
		`cpe:2.3:a:x:y:1\`:                               "",
		"cpe:2.3:a:x:y z:*":                              "",
		"cpe:2.3:a:x:" + strings.Repeat("y", 600) + ":*": "",
		"a:x:y": "",
		"cpe:2.3:h:x:" + strings.Repeat("y:", 9) + "y:y:y": "",
	} {
		got, ok := ParseCPE(in)
		if ok != (want != "") || ok && got.String() != want {
			t.Errorf("ParseCPE(%q) = %q, %v; want %q", in, got.String(), ok, want)
		}
	}
}

func TestEach(t *testing.T) {
	var got []string
	read := func(data string) error {
		got = nil
		s := NewJSON(iotest.OneByteReader(strings.NewReader(data)), MaxRecord)
		return s.Object(func(key string) error {
			if key != "list" {
				got = append(got, "skip "+key)
				return s.Skip()
			}
			return s.Array(func() error {
				var v struct {
					N Number `json:"n"`
				}
				return s.Each(&v, func(fault error) error {
					got = append(got, fmt.Sprint(v.N, invalid(fault)))
					return nil
				})
			})
		})
	}
	if err := read(`{"a":{"b":[1,{"c":[]}]},"list":[{"n":1},{"n":"2.5"},{"n":[]},{"n":"x"},7,{"n":3}],"z":null,"list":null}`); err != nil {
		t.Fatal(err)
	}
	want := []string{"skip a", "1 false", "2.5 false", "0 true", "0 true", "0 true", "3 false", "skip z"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	deep := strings.Repeat("[", maxDepth+10)
	for _, data := range []string{"", "null", "[]", "7", `{"list":{}}`, `{"list":[`, `{"list":[{"n":1}`, `{"a":[`, `{"a":}`, `{"list":[{"n":1]]`, `{"a":` + deep, deep} {
		if err := read(data); !invalid(err) {
			t.Errorf("reading %.30q = %v; want Invalid", data, err)
		}
	}
	if err := read(`{"a":` + strings.Repeat("[", maxDepth/2) + strings.Repeat("]", maxDepth/2) + "}"); err != nil {
		t.Errorf("deep, but not too deep: %v", err)
	}
	broken := errors.New("the disk is gone")
	if err := NewJSON(iotest.ErrReader(broken), MaxRecord).Object(func(string) error { return nil }); !errors.Is(err, broken) || invalid(err) {
		t.Errorf("a reader's own error became %v", err)
	}
	s := NewJSON(io.MultiReader(strings.NewReader(`{"n":`), iotest.ErrReader(broken)), MaxRecord)
	if err := s.Each(new(any), func(error) error { return nil }); !errors.Is(err, broken) || IsFault(err) {
		t.Errorf("a reader's own error in a value became %v", err)
	}
}

type letters struct{}

func (letters) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = 'x'
	}
	return len(p), nil
}

func TestLimit(t *testing.T) {
	l := Limit(letters{}, MaxRecord)
	if n, err := io.Copy(io.Discard, io.LimitReader(l, MaxRecord)); n != MaxRecord || err != nil {
		t.Fatalf("%d bytes, %v; want all of a record", n, err)
	}
	if _, err := l.Read(make([]byte, 1)); !invalid(err) {
		t.Errorf("Read behind the limit = %v; want Invalid", err)
	}
	l.Next()
	if _, err := l.Read(make([]byte, 1)); err != nil {
		t.Errorf("Read of the next record = %v", err)
	}
	if _, err := ReadAll(letters{}); !invalid(err) {
		t.Errorf("ReadAll of an endless file = %v; want Invalid", err)
	}
	s := NewJSON(io.MultiReader(strings.NewReader(`{"`), letters{}), MaxRecord)
	if err := s.Object(func(string) error { return nil }); !invalid(err) {
		t.Errorf("an endless key = %v; want Invalid", err)
	}
	if _, err := NewTable(letters{}, "a"); !invalid(err) {
		t.Errorf("an endless line = %v; want Invalid", err)
	}
}

func TestTable(t *testing.T) {
	table, err := NewTable(strings.NewReader("# remark\n\uFEFFa, b\n1,2\n3\n\"x\"y,1\n4,5,6\n\"open,7\n"), "a", "b")
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	err = table.Rows(func(fault error) error {
		got = append(got, fmt.Sprint(table.Get("a"), table.Get("b"), table.Get("c"), invalid(fault)))
		return nil
	})
	want := []string{"12false", "3false", "true", "45false", "true"}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("Rows = %v (-want +got):\n%s", err, diff)
	}
	if _, err := NewTable(strings.NewReader("a,c\n"), "a", "b"); !invalid(err) {
		t.Errorf("NewTable without a column = %v; want Invalid", err)
	}
}

func FuzzCPE(f *testing.F) {
	f.Add(`cpe:2.3:a:x:y\:z:1.0:*:*:*:*:*:*:*`)
	f.Add("cpe:/a:x:y:1")
	f.Fuzz(func(t *testing.T, s string) {
		c, ok := ParseCPE(s)
		if !ok {
			return
		}
		if again, ok := ParseCPE(c.String()); !ok || again != c {
			t.Errorf("ParseCPE(%q) = %q, which reads as %q, %v", s, c, again, ok)
		}
	})
}

func FuzzShapes(f *testing.F) {
	f.Add("2024-06-29T16:54:34.113", "CVSS:3.1/AV:N", 9.8, `"7"`)
	f.Fuzz(func(t *testing.T, s, vector string, base float64, number string) {
		if at := Time(s); at.Location() != time.UTC {
			t.Errorf("Time(%q) = %v", s, at)
		}
		if got := Text(s); len(got) > MaxText || got != Text(got) {
			t.Errorf("Text(%q) = %q, of that %q", s, got, Text(got))
		}
		if score, ok := Score(vector, base, s, true); ok && !(score.Base >= 0 && score.Base <= 10) {
			t.Errorf("Score(%q, %v) = %+v", vector, base, score)
		}
		var n Number
		if json.Valid([]byte(number)) {
			_ = json.Unmarshal([]byte(number), &n)
		}
		CWE(s)
		var l Links
		l.Add(s, vector)
	})
}

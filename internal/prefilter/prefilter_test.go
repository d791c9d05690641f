package prefilter

import (
	"fmt"
	"regexp"
	"regexp/syntax"
	"slices"
	"strings"
	"testing"
)

func parse(t testing.TB, expr string) *syntax.Regexp {
	t.Helper()
	re, err := syntax.Parse(expr, syntax.Perl)
	if err != nil {
		t.Fatal(err)
	}
	return re
}

func TestNeeds(t *testing.T) {
	for expr, want := range map[string][]clause{
		`^OpenSSH_(\d+)`:             {{"openssh_"}},
		`(?i)nginx|tengine`:          {{"nginx", "tengine"}},
		`(?:foo)?bar`:                {{"bar"}},
		`foo.*quux`:                  {{"quux"}, {"foo"}},
		`v[12]beta`:                  {{"v1beta", "v2beta"}},
		`\d+|abc`:                    nil, // a branch that needs nothing
		`x*`:                         nil,
		`(?:abc){2,3}`:               {{"abc"}},
		`(?:abc){0,3}`:               nil,
		`a`:                          nil, // too short to tell texts apart
		`Zürich Server`:              {{"rich server"}},
		`^$`:                         nil,
		`(?P<v>Version (?:one|two))`: {{"version "}, {"one", "two"}},
	} {
		if got := clauses(parse(t, expr)); !slices.EqualFunc(got, want, func(a, b clause) bool { return slices.Equal(a, b) }) {
			t.Errorf("clauses(%q) = %q; want %q", expr, got, want)
		}
	}
}

func TestEach(t *testing.T) {
	exprs := []string{`^OpenSSH_(\d+)`, `(?i)NGINX`, `foo.*bar`, `\d+$`, `(?i)kelvin`}
	needs := make([]Needs, len(exprs))
	for i, e := range exprs {
		needs[i] = Of(parse(t, e))
	}
	f := New(needs)
	for text, want := range map[string][]int{
		"OpenSSH_9":         {0, 3},
		"nginx/1":           {1, 3},
		"foo":               {3},
		"bar foo":           {2, 3}, // the order is not looked at
		"":                  {3},
		"\u212aelvin NGINX": {1, 3, 4},
	} {
		for range 2 { // the second pass shows that the first left nothing
			var got []int
			f.Each(text, func(i int) bool { got = append(got, i); return true })
			if !slices.Equal(got, want) {
				t.Errorf("Each(%q) = %v; want %v", text, got, want)
			}
		}
	}
	var first []int
	f.Each("OpenSSH_9", func(i int) bool { first = append(first, i); return false })
	if !slices.Equal(first, []int{0}) {
		t.Errorf("Each that is stopped told %v; want the first", first)
	}
}

// FuzzEach holds the filter against the pattern itself.
func FuzzEach(f *testing.F) {
	for _, seed := range [][2]string{
		{`^OpenSSH_(\d+)`, "OpenSSH_9.2"},
		{`(?i)kelvin sign`, "\u212aelvin \u017fign"},
		{`a[bc]d|e(?:fg)+`, "xefgfg"},
		{`(?s)\x{e9}t\x{e9}.*`, "\u00e9t\u00e9"},
		{`(?i)[k-s]et`, "KET"},
		{`(ab|a[xy]){2}`, "abax"},
		{`x\z`, "x"},
		{`\xff.a`, "\xff\xffa"},
		{`aab`, "aaab"},
	} {
		f.Add(seed[0], seed[1])
	}
	f.Fuzz(func(t *testing.T, expr, text string) {
		if len(expr) > 200 || len(text) > 1000 {
			return
		}
		tree, err := syntax.Parse(expr, syntax.Perl)
		if err != nil {
			return
		}
		filter := New([]Needs{Of(tree), Of(parse(t, "aab|nothing"))})
		let := false
		filter.Each(text, func(i int) bool { let = let || i == 0; return true })
		if re, err := regexp.Compile(expr); err == nil && re.MatchString(text) && !let {
			t.Errorf("%q matches %q, and is held back: it needs %q", expr, text, clauses(tree))
		}
	})
}

func TestFind(t *testing.T) {
	f := NewFinder([]string{"he", "she", "hers", "his", "ushers!"})
	var got []string
	Find(f, []byte("USHers hexhis usherS!"), func(literal, start int) { got = append(got, fmt.Sprint(literal, "@", start)) })
	want := []string{"1@1", "0@2", "2@2", "0@7", "3@10", "4@14", "1@15", "0@16", "2@16"}
	slices.Sort(got)
	if slices.Sort(want); !slices.Equal(got, want) {
		t.Errorf("Find told %v; want %v", got, want)
	}
}

// FuzzFind holds the finder against a search for each literal alone.
func FuzzFind(f *testing.F) {
	f.Add("he", "she", "SHEhe")
	f.Add("aa", "aaa", "aaaa")
	f.Add("ab", "b", "xabb")
	f.Fuzz(func(t *testing.T, one, other, text string) {
		lowered := strings.ToLower(ascii(text))
		literals := []string{strings.ToLower(ascii(one)), strings.ToLower(ascii(other))}
		if literals[0] == "" || literals[1] == "" || literals[0] == literals[1] || len(text) > 1000 {
			return
		}
		found := map[[2]int]bool{}
		Find(NewFinder(literals), ascii(text), func(literal, start int) { found[[2]int{literal, start}] = true })
		for l, s := range literals {
			for i := range lowered {
				if at := strings.HasPrefix(lowered[i:], s); at != found[[2]int{l, i}] {
					t.Errorf("%q at %d of %q: found %v, want %v", s, i, text, !at, at)
				}
			}
		}
	})
}

// ascii is s without what is not ASCII.
func ascii(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= 0x80 {
			return -1
		}
		return r
	}, s)
}

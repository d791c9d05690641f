package csaf

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/harrier-scan/harrier"
)

func TestParseRange(t *testing.T) {
	type rg = harrier.Range
	one := func(r ...rg) Versions { return Versions{Ranges: r} }
	for text, want := range map[string]Versions{
		"vers:all/*":                           {All: true},
		"*":                                    {All: true},
		"all versions":                         {All: true},
		"All":                                  {All: true},
		"vers:all/<V2024.3":                    one(rg{Before: "2024.3"}),
		"vers:generic/PAN-OS<11.0.2":           one(rg{Before: "11.0.2"}),
		"vers:generic/PAN-OS>=10.1.14-h11":     one(rg{From: "10.1.14-h11"}),
		"vers:generic/Prisma Access Browser<1": one(rg{Before: "1"}),
		"vers:unknown/15.0.1.13010-1":          {List: []string{"15.0.1.13010-1"}},
		"vers:npm/1.2.3|>=2.0.0|<5.0.0":        {Ranges: []rg{{From: "2.0.0", Before: "5.0.0"}}, List: []string{"1.2.3"}},
		"vers:deb/<1%3A2.0":                    one(rg{Before: "1:2.0"}),
		"vers:x/<1|>=2|<3|>4":                  one(rg{Before: "1"}, rg{From: "2", Before: "3"}, rg{After: "4"}),
		">=7.0.0|<7.0.12":                      one(rg{From: "7.0.0", Before: "7.0.12"}),
		">= 7.0.0, < 7.0.12":                   one(rg{From: "7.0.0", Before: "7.0.12"}),
		"< 7.0.12, >= 7.0.0":                   one(rg{From: "7.0.0", Before: "7.0.12"}),
		">7.0.0 and <=7.0.12":                  one(rg{After: "7.0.0", To: "7.0.12"}),
		">=1,<2||>=3,<4":                       one(rg{From: "1", Before: "2"}, rg{From: "3", Before: "4"}),
		"<=2025.2_Build_8154":                  one(rg{To: "2025.2_Build_8154"}),
		"≤ 4.2":                                one(rg{To: "4.2"}),
		"=4.2":                                 {List: []string{"4.2"}},
		"7.0.0 through 7.0.11":                 one(rg{From: "7.0.0", To: "7.0.11"}),
		"Versions v7.0.0 to V7.0.11":           one(rg{From: "7.0.0", To: "7.0.11"}),
		"7.0.0 - 7.0.11":                       one(rg{From: "7.0.0", To: "7.0.11"}),
		"6.4 all versions":                     one(rg{From: "6.4", Before: "6.5"}),
		"all versions prior to 3.1":            one(rg{Before: "3.1"}),
		"before version 3.1":                   one(rg{Before: "3.1"}),
		"3.1 and earlier":                      one(rg{To: "3.1"}),
		"3.1 or later":                         one(rg{From: "3.1"}),
		"up to and including 3.1":              one(rg{To: "3.1"}),
		"9.x":                                  one(rg{From: "9", Before: "10"}),
		"12.2(4)B":                             {List: []string{"12.2(4)B"}},
	} {
		got, err := ParseRange(text)
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("ParseRange(%q) = %+v, %v; want %+v", text, got, err, want)
		}
	}
	for _, text := range []string{
		"", "vers:", "vers:all", "vers:all/", "<", ">=", "<>1", "<1|<2", ">=1|>=2", ">=1|2|<3", "vers:x/>=1|!=1.5|<2", ">=1 <2 <3", "2<3",
		"some versions", "before", "latest", "1.0 through", "1 2 3", "see the advisory", "<1.0 when installed", "7.0b all versions", strings.Repeat("<1|", 3000),
	} {
		if got, err := ParseRange(text); err == nil {
			t.Errorf("ParseRange(%.40q) = %+v; want an error", text, got)
		}
	}
}

// TestParseRangeAgrees draws sets of whole numbers, writes each down in the
// ways that publishers do, and asks of every number whether it is in.
func TestParseRangeAgrees(t *testing.T) {
	rnd := rand.New(rand.NewPCG(7, 11))
	for range 1000 {
		cuts := map[int]bool{}
		for range 1 + rnd.IntN(6) {
			cuts[1+rnd.IntN(40)] = true
		}
		ends := make([]int, 0, len(cuts))
		for c := range cuts {
			ends = append(ends, c)
		}
		slices.Sort(ends)
		var want [42]bool
		var vers, pairs []string
		for i := 0; i < len(ends); i++ {
			low := ends[i]
			switch kind := rnd.IntN(4); {
			case kind == 0 && i == 0:
				vers, pairs = append(vers, fmt.Sprint("<", low)), append(pairs, fmt.Sprint("< ", low))
				fill(&want, 0, low)
			case kind == 1:
				vers, pairs = append(vers, strconv.Itoa(low)), append(pairs, fmt.Sprint("=", low))
				fill(&want, low, low+1)
			case i+1 == len(ends):
				vers, pairs = append(vers, fmt.Sprint(">", low)), append(pairs, fmt.Sprint("> ", low))
				fill(&want, low+1, len(want))
			case kind == 2:
				i++
				vers, pairs = append(vers, fmt.Sprint(">=", low), fmt.Sprint("<", ends[i])), append(pairs, fmt.Sprintf(">= %d, < %d", low, ends[i]))
				fill(&want, low, ends[i])
			default:
				i++
				vers, pairs = append(vers, fmt.Sprint(">", low), fmt.Sprint("<=", ends[i])), append(pairs, fmt.Sprintf("<= %d and > %d", ends[i], low))
				fill(&want, low+1, ends[i]+1)
			}
		}
		for _, text := range []string{"vers:generic/" + strings.Join(vers, "|"), strings.Join(vers, "|"), strings.Join(pairs, " || ")} {
			v, err := ParseRange(text)
			if err != nil {
				t.Fatalf("ParseRange(%q): %v", text, err)
			}
			for n := range want {
				if got := v.has(t, n); got != want[n] {
					t.Fatalf("%d in %q: %t; want %t (%+v)", n, text, got, want[n], v)
				}
			}
		}
	}
}

func fill(set *[42]bool, from, before int) {
	for n := from; n < before; n++ {
		set[n] = true
	}
}

func (v Versions) has(t *testing.T, n int) bool {
	t.Helper()
	num := func(s string) int {
		i, err := strconv.Atoi(s)
		if err != nil {
			t.Fatal(err)
		}
		return i
	}
	for _, s := range v.List {
		if num(s) == n {
			return true
		}
	}
	return v.All || slices.ContainsFunc(v.Ranges, func(r harrier.Range) bool {
		return (r.From == "" || num(r.From) <= n) && (r.After == "" || num(r.After) < n) && (r.Before == "" || n < num(r.Before)) && (r.To == "" || n <= num(r.To))
	})
}

func FuzzParseRange(f *testing.F) {
	for _, s := range []string{"vers:generic/>=1|<2", "7.0 through 7.1", ">= 1, < 2", "6.4 all versions", "vers:deb/%3a|=1", "*"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		v, err := ParseRange(s)
		if err != nil {
			return
		}
		if !v.All && len(v.List) == 0 && len(v.Ranges) == 0 {
			t.Errorf("ParseRange(%q) is nothing", s)
		}
		for _, r := range v.Ranges {
			if r.From+r.After+r.Before+r.To == "" || r.From != "" && r.After != "" || r.Before != "" && r.To != "" {
				t.Errorf("ParseRange(%q) has range %+v", s, r)
			}
		}
	})
}

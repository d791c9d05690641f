package cvelist

import (
	"math/rand/v2"
	"reflect"
	"slices"
	"strconv"
	"testing"

	"github.com/harrier-scan/harrier"
)

// number reads the small integers that the property is tried with.
func number(t *testing.T, s string) int {
	t.Helper()
	n, err := strconv.Atoi(s)
	if err != nil {
		t.Fatalf("%q is no version that was given", s)
	}
	return n
}

// published is the rule of the format, read word by word.
func published(t *testing.T, list []version, otherwise harrier.Status, v int) harrier.Status {
	t.Helper()
	pointless := len(list) > 0
	for _, e := range list {
		bounded := e.LessThan != "" && e.LessThan != "*" || e.LessThanOrEqual != "" && e.LessThanOrEqual != "*"
		pointless = pointless && e.Status == "affected" && bounded && len(e.Changes) == 0
	}
	if pointless && otherwise == harrier.StatusAffected {
		otherwise = harrier.StatusUnknown // the departure that translate names
	}
	for _, e := range list {
		in := false
		switch {
		case e.LessThan != "":
			in = number(t, e.Version) <= v && (e.LessThan == "*" || v < number(t, e.LessThan))
		case e.LessThanOrEqual != "":
			in = number(t, e.Version) <= v && (e.LessThanOrEqual == "*" || v <= number(t, e.LessThanOrEqual))
		default:
			in = v == number(t, e.Version)
		}
		if !in {
			continue
		}
		status := e.Status
		for _, c := range e.Changes {
			if number(t, c.At) <= v {
				status = c.Status
			}
		}
		return statusOf(status)
	}
	return otherwise
}

// holds is what statements say about a version: a contradiction is a fault.
func holds(t *testing.T, list []said, v int) harrier.Status {
	t.Helper()
	answer := harrier.StatusUnknown
	for _, s := range list {
		in := len(s.ranges) == 0 && len(s.versions) == 0
		for _, r := range s.ranges {
			in = in || (r.From == "" || number(t, r.From) <= v) && (r.After == "" || number(t, r.After) < v) &&
				(r.Before == "" || v < number(t, r.Before)) && (r.To == "" || v <= number(t, r.To))
		}
		for _, w := range s.versions {
			in = in || number(t, w) == v
		}
		status := s.otherwise
		if in {
			status = s.status
		}
		if status != harrier.StatusUnknown {
			if answer != harrier.StatusUnknown && answer != status {
				t.Fatalf("statements contradict each other about %d: %+v", v, list)
			}
			answer = status
		}
	}
	return answer
}

func TestTranslateAgreesWithTheRule(t *testing.T) {
	words := []string{"affected", "unaffected", "unknown"}
	random := rand.New(rand.NewPCG(5, 1))
	at := func(n int) string { return strconv.Itoa(1 + random.IntN(n)) }
	decided := map[harrier.Status]int{}
	for range 10_000 {
		otherwise := statusOf(words[random.IntN(3)])
		var list []version
		for range random.IntN(5) {
			e := version{Version: at(12), Status: words[random.IntN(3)], Type: "custom"}
			from, _ := strconv.Atoi(e.Version)
			switch random.IntN(5) {
			case 0:
				e.LessThan = "*"
			case 1:
				e.LessThan = strconv.Itoa(from + 1 + random.IntN(5))
			case 2:
				e.LessThanOrEqual = strconv.Itoa(from + random.IntN(5))
			case 3:
				e.Version, e.LessThan = "0", at(12)
			}
			if e.LessThan != "" || e.LessThanOrEqual != "" {
				for range random.IntN(3) {
					e.Changes = append(e.Changes, change{At: at(14), Status: words[random.IntN(3)]})
				}
			}
			list = append(list, e)
		}
		got := translate(list, otherwise, work())
		for v := range 18 {
			want := published(t, list, otherwise, v)
			if answer := holds(t, got, v); answer != want {
				t.Fatalf("translate(%+v, %v) = %+v: version %d is %v; want %v", list, otherwise, got, v, answer, want)
			}
			decided[want]++
		}
	}
	for _, s := range []harrier.Status{harrier.StatusUnknown, harrier.StatusAffected, harrier.StatusNotAffected} {
		if decided[s] < 15_000 {
			t.Errorf("only %d versions were %v", decided[s], s)
		}
	}
}

func work() *int {
	n := maxWork
	return &n
}

// TestTranslateBounds shows that what costs too much to resolve says nothing
// rather than something wrong.
func TestTranslateBounds(t *testing.T) {
	list := []version{{Version: "1", LessThan: "5", Status: "affected"}, {Version: "3", LessThan: "4", Status: "unaffected"}}
	none := 0
	if got := translate(list, harrier.StatusUnknown, &none); got != nil {
		t.Errorf("translate without work left = %+v; want nothing", got)
	}
	one := product{Vendor: "v", Product: "p", Versions: make([]version, maxEntries)}
	for i := range one.Versions {
		one.Versions[i] = version{Version: strconv.Itoa(i), Status: "affected"}
	}
	if got := statements(slices.Repeat([]product{one}, 20)); len(got) != maxVersions/maxEntries {
		t.Errorf("%d statements with %d versions each; want %d", len(got), maxEntries, maxVersions/maxEntries)
	}
}

func TestTranslate(t *testing.T) {
	const yes, no, open = harrier.StatusAffected, harrier.StatusNotAffected, harrier.StatusUnknown
	type ranges = []harrier.Range
	for name, c := range map[string]struct {
		list []version
		def  harrier.Status
		want []said
	}{
		"a range": {
			[]version{{Version: "1.0", LessThan: "1.2.3", Status: "affected", Type: "semver"}},
			no,
			[]said{{status: yes, otherwise: no, ranges: ranges{{From: "1.0", Before: "1.2.3"}}, scheme: "semver"}},
		},
		"the mending version is named twice": {
			[]version{{Version: "7.5", LessThan: "7.5.101", Status: "affected", Type: "custom", Changes: []change{{"7.5.101", "unaffected"}}}},
			no,
			[]said{{status: yes, otherwise: no, ranges: ranges{{From: "7.5", Before: "7.5.101"}}}},
		},
		"a branch is mended and what follows is listed": {
			[]version{{Version: "5.0", LessThanOrEqual: "*", Status: "affected", Changes: []change{{"5.4.2", "unaffected"}, {"5.5", "affected"}, {"5.5.7", "unaffected"}}}},
			open,
			[]said{
				{status: yes, otherwise: open, ranges: ranges{{From: "5.0", Before: "5.4.2"}, {From: "5.5", Before: "5.5.7"}}},
				{status: no, otherwise: open, ranges: ranges{{From: "5.4.2", Before: "5.5"}, {From: "5.5.7"}}},
			},
		},
		"the kernel": {
			[]version{
				{Version: "4.10", Status: "affected"},
				{Version: "0", LessThan: "4.10", Status: "unaffected", Type: "semver"},
				{Version: "5.4.269", LessThanOrEqual: "5.4.*", Status: "unaffected", Type: "semver"},
				{Version: "6.8", LessThanOrEqual: "*", Status: "unaffected", Type: "original_commit_for_fix"},
			},
			yes,
			[]said{{status: yes, otherwise: no, ranges: ranges{{From: "4.10", Before: "5.4.269"}, {From: "5.5", Before: "6.8"}}}},
		},
		"an rpm that mends": {
			[]version{{Version: "0:2.4.57-11.el9_4", LessThan: "*", Status: "unaffected", Type: "rpm"}},
			yes,
			[]said{{status: yes, otherwise: no, ranges: ranges{{Before: "0:2.4.57-11.el9_4"}}, scheme: "rpm"}},
		},
		"commits alone":            {[]version{{Version: "1da177e4c3f4", LessThan: "8b21ac87d550", Status: "affected", Type: "git"}}, no, nil},
		"n/a":                      {[]version{{Version: "n/a", Status: "affected"}}, no, nil},
		"unspecified to a version": {[]version{{Version: "unspecified", LessThan: "3.1", Status: "affected"}}, open, []said{{status: yes, ranges: ranges{{Before: "3.1"}}}}},
		"from a version on":        {[]version{{Version: "3.1", LessThan: "unspecified", Status: "affected"}}, open, []said{{status: yes, ranges: ranges{{From: "3.1"}}}}},
		"all":                      {[]version{{Version: "*", Status: "affected"}}, open, []said{{status: yes}}},
		"0 alone":                  {[]version{{Version: "0", Status: "affected"}}, no, nil},
		"up to the latest":         {[]version{{Version: "0", LessThanOrEqual: "latest", Status: "affected"}}, no, nil},
		"nothing listed, affected": {nil, yes, []said{{status: yes}}},
		"nothing listed, not":      {nil, no, []said{{status: no}}},
		"nothing listed, unknown":  {nil, open, nil},
		"a default that makes its entries pointless": {
			[]version{{Version: "0", LessThan: "1.2", Status: "affected"}},
			yes,
			[]said{{status: yes, ranges: ranges{{Before: "1.2"}}}},
		},
		"versions one by one": {
			[]version{{Version: "5.6.0", Status: "affected"}, {Version: "v5.6.1", Status: "affected"}},
			no,
			[]said{{status: yes, otherwise: no, versions: []string{"5.6.0", "5.6.1"}}},
		},
		"one version of a range is not": {
			[]version{{Version: "1.5", Status: "unaffected"}, {Version: "1.0", LessThan: "2.0", Status: "affected"}},
			no,
			[]said{{status: yes, otherwise: no, ranges: ranges{{From: "1.0", Before: "1.5"}, {After: "1.5", Before: "2.0"}}}},
		},
		"before, in Chrome's way": {
			[]version{{Version: "124.0.6367.60", LessThan: "124.0.6367.60", Status: "affected", Type: "custom"}},
			open,
			[]said{{status: yes, ranges: ranges{{Before: "124.0.6367.60"}}}},
		},
		"an empty range that is not": {[]version{{Version: "1.2", LessThan: "1.2", Status: "unaffected"}}, yes, nil},
		"no order that semver knows": {
			[]version{{Version: "1.1.1", LessThan: "1.1.1w", Status: "affected", Type: "semver"}},
			open,
			[]said{{status: yes, ranges: ranges{{From: "1.1.1", Before: "1.1.1w"}}}},
		},
		"what is understood in part is not complete": {
			[]version{{Version: "1.0", LessThan: "2.0", Status: "affected"}, {Version: "some builds", Status: "affected"}},
			no,
			[]said{{status: yes, otherwise: open, ranges: ranges{{From: "1.0", Before: "2.0"}}}},
		},
	} {
		if got := translate(c.list, c.def, work()); !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: translate(%+v, %v) = %+v; want %+v", name, c.list, c.def, got, c.want)
		}
	}
}

func TestProse(t *testing.T) {
	for text, want := range map[string][]span{
		">= 1.0, < 1.2.3":                {{from: "1.0", to: "1.2.3"}},
		"< 1.2.3":                        {{to: "1.2.3"}},
		"<= 4.2":                         {{to: "4.2", until: true}},
		"> 1.0, <= 2.0":                  {{from: "1.0", after: true, to: "2.0", until: true}},
		"< 2.0, >= 1.0":                  {{from: "1.0", to: "2.0"}},
		"< 1.2, >= 2.0, < 2.3":           {{to: "1.2"}, {from: "2.0", to: "2.3"}},
		">=1.0,<1.2, >=2.0,<2.3":         {{from: "1.0", to: "1.2"}, {from: "2.0", to: "2.3"}},
		"= 3.0.1":                        {one("3.0.1")},
		"1.2.x":                          {{from: "1.2", to: "1.3"}},
		"9.*":                            {{from: "9", to: "10"}},
		"1.2 and earlier":                {{to: "1.2", until: true}},
		"v1.2 and earlier versions":      {{to: "1.2", until: true}},
		"8.1.5 and all prior":            {{to: "8.1.5", until: true}},
		"before 1.2":                     {{to: "1.2"}},
		"versions prior to 1.2":          {{to: "1.2"}},
		"up to 1.2":                      {{to: "1.2", until: true}},
		"1.0 to 1.2":                     {{from: "1.0", to: "1.2", until: true}},
		"8.0 – v8.4, v9.0 – v9.2":        {{from: "8.0", to: "8.4", until: true}, {from: "9.0", to: "9.2", until: true}},
		"12, 13, 14":                     {one("12"), one("13"), one("14")},
		"7.9 All":                        {{from: "7.9", to: "7.10"}},
		"3.1 or later":                   {{from: "3.1"}},
		"version 2.1":                    {one("2.1")},
		"1.0.1.25(633)":                  {one("1.0.1.25(633)")},
		"v5.007(a)/v5.027(b)":            nil,
		"SA8155P":                        {one("SA8155P")},
		"n/a":                            nil,
		"See references":                 nil,
		"Snapdragon 8 Gen 1":             nil,
		"various":                        nil,
		"> 1.0, >= 2.0":                  nil,
		"^1.2":                           nil,
		"İ before 1.2":                   nil,
		"\xe7":                           nil,
		"1.0; drop table":                nil,
		"before":                         nil,
		"<":                              nil,
		"":                               nil,
		"1.0 and something else instead": nil,
	} {
		got, ok := prose(text)
		if ok != (want != nil) || ok && !reflect.DeepEqual(got, want) {
			t.Errorf("prose(%q) = %+v, %v; want %+v", text, got, ok, want)
		}
	}
}

func TestCompare(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want int
	}{
		{"1.2", "1.10", -1},
		{"1.0", "1", 0},
		{"1.0-rc1", "1.0", -1},
		{"1.1.1", "1.1.1w", -1},
		{"2.0", "10", -1},
		{"1.0.0", "1.0.1", -1},
		{"01", "1", 0},
		{"1.0beta", "1.0rc", -1},
		{"a", "1", -1},
		{"", "", 0},
		{"99999999999999999999999999", "100000000000000000000000000", -1},
	} {
		if got, back := compare(c.a, c.b), compare(c.b, c.a); got != c.want || back != -c.want {
			t.Errorf("compare(%q, %q) = %d, back %d; want %d", c.a, c.b, got, back, c.want)
		}
	}
}

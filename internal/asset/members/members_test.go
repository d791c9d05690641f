package members

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/harrier-scan/harrier"
)

// TestOf makes combinations of lists, one of which goes round in a circle.
func TestOf(t *testing.T) {
	lists := map[harrier.ID]harrier.AssetList{
		1: {ID: 1, Kind: "static", Definition: "192.0.2.0/28"},
		2: {ID: 2, Kind: "static", Definition: "192.0.2.8"},
		3: {ID: 3, Kind: "combination", Definition: `{"operator":"difference","operand1":{"id":"1"},"operand2":{"id":2}}`},
		4: {ID: 4, Kind: "combination", Definition: `{"operator":"union","operand1":{"id":"4"},"operand2":{"id":2}}`},
		5: {ID: 5, Kind: "dnsname", Definition: "www.example.com"},
	}
	find := func(id harrier.ID) (harrier.AssetList, error) {
		l, ok := lists[id]
		if !ok {
			return l, harrier.Errorf(harrier.NotFound, "no asset list %d", id)
		}
		return l, nil
	}
	e, err := ByID(3, time.Now(), find)
	if err != nil {
		t.Fatal(err)
	}
	for addr, want := range map[string]bool{"192.0.2.7": true, "192.0.2.8": false, "192.0.2.16": false} {
		if got := harrier.Matches(e, func(string) []any { return []any{addr} }); got != want {
			t.Errorf("%s is in the difference: %v; want %v", addr, got, want)
		}
	}
	if _, err := ByID(4, time.Now(), find); harrier.KindOf(err) != harrier.Invalid {
		t.Errorf("a list in itself: %v; want Invalid", err)
	}
	if _, err := ByID(9, time.Now(), find); harrier.KindOf(err) != harrier.NotFound {
		t.Errorf("no list: %v; want NotFound", err)
	}
	if !slices.Equal(Parts(lists[3]), []harrier.ID{1, 2}) || Parts(lists[1]) != nil {
		t.Errorf("Parts = %v and %v", Parts(lists[3]), Parts(lists[1]))
	}
}

// TestBounds puts lists together that double with every step, or are long: they are
// refused before they fill the memory, and what is within the bounds is not.
func TestBounds(t *testing.T) {
	twice := func(id string) harrier.AssetList {
		part := `{"id":` + id + `}`
		for range 4 {
			part = `{"operator":"union","operand1":` + part + `,"operand2":` + part + `}`
		}
		return harrier.AssetList{Kind: "combination", Definition: part}
	}
	lists := map[harrier.ID]harrier.AssetList{
		1: {Kind: "static", Definition: "192.0.2.0/28"}, 2: twice("1"), 3: twice("2"), 4: twice("3"), 5: twice("4"), 6: twice("5"), 7: twice("6"), 8: twice("7"),
		20: {Kind: "static", Definition: "192.0.2.1" + strings.Repeat(" ", 1<<20)}, 21: twice("20"),
	}
	asked := 0
	find := func(id harrier.ID) (harrier.AssetList, error) {
		if asked++; asked > 10_000 {
			t.Fatal("it goes on for ever")
		}
		return lists[id], nil
	}
	for id, want := range map[harrier.ID]bool{1: true, 2: true, 3: true, 4: false, 8: false, 20: true, 21: false} {
		asked = 0
		_, errID := ByID(id, time.Now(), find)
		asked = 0
		_, errOf := Of(lists[id], time.Now(), find)
		for _, err := range []error{errID, errOf} {
			if want && err != nil || !want && (err == nil || harrier.KindOf(err) != harrier.Invalid) {
				t.Errorf("list %d: %v; it is within the bounds: %v", id, err, want)
			}
		}
	}
}

// FuzzRule feeds any tree to the reader of dynamic lists and combinations.
func FuzzRule(f *testing.F) {
	f.Add(`{"operator":"all","children":[{"type":"clause","filterName":"os","operator":"contains","value":"Linux","pluginIDConstraint":"-1"}],"type":"group"}`)
	f.Add(`{"operator":"union","operand1":{"id":"1"},"operand2":{"operator":"complement","operand1":{"id":"2"}}}`)
	f.Fuzz(func(t *testing.T, text string) {
		for _, read := range []func() (harrier.Expr, error){
			func() (harrier.Expr, error) { return readRule([]byte(text), time.Unix(1_800_000_000, 0)) },
			func() (harrier.Expr, error) {
				return Combination([]byte(text), func(id harrier.ID) (harrier.Expr, error) {
					return harrier.Cmp{Field: "asset", Op: harrier.Eq, Values: []any{int64(id)}}, nil
				})
			},
		} {
			e, err := read()
			if err == nil {
				harrier.Matches(e, func(string) []any { return []any{int64(7), "x"} })
			} else if harrier.KindOf(err) == harrier.Internal {
				t.Fatalf("%q: %v", text, err)
			}
		}
	})
}

func TestRanges(t *testing.T) {
	have, err := ranges("127.0.0.1,172.36.48.0/24 198.168.1.1-198.168.1.11\n2001:db8::1")
	want := []any{"127.0.0.1-127.0.0.1", "172.36.48.0-172.36.48.255", "198.168.1.1-198.168.1.11", "2001:db8::1-2001:db8::1"}
	if err != nil || !slices.Equal(have, want) {
		t.Errorf("ranges = %v, %v; want %v", have, err, want)
	}
	if _, err := ranges("192.0.2.1,hostname"); err == nil || !strings.Contains(err.Error(), "hostname") {
		t.Errorf("ranges with a name: %v; want an error that names it", err)
	}
}

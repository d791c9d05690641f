package wire

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
)

// walk reads {"key": [values …], …} with every method, and tells what it met.
func walk(text string, most int) (met []string, err error) {
	in := NewJSON(strings.NewReader(text), most)
	err = in.Object(func(key string) error {
		if key == "skip" {
			return in.Skip()
		}
		i := -1
		err := in.Array(func() error {
			i++
			var v struct {
				N int `json:"n"`
			}
			err := in.Decode(&v)
			if IsFault(err) {
				met = append(met, fmt.Sprintf("%s %d fault", key, i))
				return nil
			}
			met = append(met, fmt.Sprintf("%s %d %d", key, i, v.N))
			return err
		})
		if IsFault(err) {
			met = append(met, key+" fault")
			return nil
		}
		return err
	})
	return met, err
}

func TestJSON(t *testing.T) {
	for text, want := range map[string]string{
		`{"a":[{"n":1},{"n":"x"},7,null,{"n":2}],"b":[]}`:                        "a 0 1,a 1 fault,a 2 fault,a 3 0,a 4 2",
		`{"a":{"b":[1,{"c":2}]},"d":7,"e":null,"f":[{"n":3}]}`:                   "a fault,d fault,f 0 3",
		`{"skip":{"x":[[["` + strings.Repeat("y", 900) + `"]]]},"a":[{"n":1}]} `: "a 0 1",
		`{}`: "",
	} {
		met, err := walk(text, 1000)
		if got := strings.Join(met, ","); got != want || err != nil {
			t.Errorf("walk(%s) = %q, %v; want %q", text, got, err, want)
		}
	}
	for _, text := range []string{"", "{", `{"a"`, `{"a":`, `{"a":[`, `{"a":[{"n":1}`, `{"a":[{"n":1}]`, `{"a":[}]`, `{"skip":{"a":`, `{a:1}`, "[]", "7"} {
		if met, err := walk(text, 1000); err == nil {
			t.Errorf("walk(%s) = %q; want an error", text, met)
		}
	}
}

// TestJSONTooLong: one value has a bound, their sum has none, and a value that
// is passed over in parts has none either.
func TestJSONTooLong(t *testing.T) {
	long := `{"n":1,"x":"` + strings.Repeat("y", 100_000) + `"}`
	if _, err := walk(`{"a":[`+long+`]}`, 1000); !errors.Is(err, ErrTooLong) {
		t.Errorf("a long value: %v; want %v", err, ErrTooLong)
	}
	if met, err := walk(`{"a":[`+strings.Repeat(`{"n":1},`, 10_000)+`{"n":2}]}`, 1000); err != nil || len(met) != 10_001 {
		t.Errorf("many values: %d, %v; want 10001", len(met), err)
	}
	if _, err := walk(`{"skip":[`+strings.Repeat(`"y",`, 10_000)+`1]}`, 1000); err != nil {
		t.Errorf("a long value that is passed over: %v; want nil", err)
	}
	in := NewJSON(io.MultiReader(strings.NewReader(`"`), letters{}), 1<<20)
	if err := in.Skip(); !errors.Is(err, ErrTooLong) {
		t.Errorf("a string without end: %v; want %v", err, ErrTooLong)
	}
}

func FuzzJSON(f *testing.F) {
	f.Add(`{"a":[{"n":1},{"n":"x"},7],"skip":{"b":[1]},"c":{}}`)
	f.Add(`{"a":[[[[[`)
	f.Fuzz(func(t *testing.T, text string) {
		a, errA := walk(text, 1<<20)
		b, errB := walk(text, 1<<20)
		if len(a) != len(b) || (errA == nil) != (errB == nil) {
			t.Fatalf("two readings differ: %q %v, %q %v", a, errA, b, errB)
		}
	})
}

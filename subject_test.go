package harrier

import (
	"reflect"
	"testing"
)

func TestHeld(t *testing.T) {
	for text, want := range map[string][]Held{
		"": nil,
		"1240006387 2 debian,1240006388 ?,1990000001 1 ": {
			{Vulnerability: 1240006387, Certainty: Certain, Source: "debian"}, {Vulnerability: 1240006388, Doubt: true}, {Vulnerability: 1990000001, Certainty: Potential},
		},
	} {
		got, err := ReadHeld(text)
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("ReadHeld(%q) = %+v, %v; want %+v", text, got, err, want)
		}
		if again := WriteHeld(got); again != text {
			t.Errorf("WriteHeld writes %q; want %q", again, text)
		}
	}
	for _, text := range []string{",", "0123456789abcdef", "1 2 a,", "99999999999 1 a", "1 900 a", "1"} {
		if got, err := ReadHeld(text); err == nil {
			t.Errorf("ReadHeld(%q) = %+v; want an error", text, got)
		}
	}
}

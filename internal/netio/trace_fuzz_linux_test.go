package netio

import "testing"

// What the queue of errors holds, however broken, is read without harm, and an
// address that it tells is one of the family that was asked.
func FuzzRefusedBy(f *testing.F) {
	f.Add([]byte{}, false)
	f.Fuzz(func(t *testing.T, control []byte, six bool) {
		if a, ok := refusedBy(control, six); ok && a.Is4() == six {
			t.Errorf("refusedBy(%x, %v) = %v", control, six, a)
		}
	})
}

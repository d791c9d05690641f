package content

import (
	"math/rand/v2"
	"reflect"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/harrier-scan/harrier"
)

// fill sets every field of v to something that is not zero.
func fill(v reflect.Value, n *int64) {
	*n++
	switch {
	case v.Type() == timeType:
		v.Set(reflect.ValueOf(time.UnixMicro(*n * 1e12).UTC()))
		return
	case v.Type() == uuidType:
		v.Set(reflect.ValueOf(harrier.NamedUUID(time.Duration(*n).String())))
		return
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString("text " + time.Duration(*n).String() + string(make([]byte, *n%200)))
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int, reflect.Int32, reflect.Int64:
		v.SetInt(*n)
	case reflect.Uint8:
		v.SetUint(1)
	case reflect.Float64:
		v.SetFloat(float64(*n) / 7)
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem(), n)
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 3, 3))
		for i := range 3 {
			fill(v.Index(i), n)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			fill(v.Field(i), n)
		}
	default:
		panic(v.Type().String())
	}
}

// TestCodec also fails when a word gets a field that the tables do not number.
func TestCodec(t *testing.T) {
	roundTrip(t, recordCodec)
	roundTrip(t, vulnCodec)
	roundTrip(t, groupCodec)
	roundTrip(t, affectedCodec)
}

func roundTrip[T any](t *testing.T, c codec[T]) {
	t.Helper()
	var want, empty, got, none T
	var n int64
	fill(reflect.ValueOf(&want).Elem(), &n)
	b := c.encode(&want)
	if err := c.decode(b, &got); err != nil {
		t.Fatalf("decode(encode(%T)) = %v", want, err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%T changes on its way (-want +got):\n%s", want, diff)
	}
	if err := c.decode(c.encode(&empty), &none); err != nil || !reflect.ValueOf(none).IsZero() && reflect.ValueOf(none).Len() > 0 {
		t.Errorf("an empty %T becomes %+v, %v", empty, none, err)
	}
	// What is cut off is noticed or reads as less, and never panics.
	for i := 0; i < len(b); i += 1 + len(b)/700 {
		var v T
		_ = c.decode(b[:i], &v)
	}
	r := rand.New(rand.NewPCG(1, 2))
	for range 500 {
		broken := append([]byte(nil), b...)
		broken[r.IntN(len(b))] ^= byte(1 + r.IntN(255))
		var v T
		_ = c.decode(broken, &v)
	}
}

// TestCodecLater reads what a later version with one more field has written.
func TestCodecLater(t *testing.T) {
	b := recordCodec.encode(&harrier.Record{Source: "nvd", ID: "CVE-2024-1"})
	b = append(b, 99<<2&0x7f|wireBytes|0x80, 99<<2>>7, 3, 'x', 'y', 'z')
	var got harrier.Record
	if err := recordCodec.decode(b, &got); err != nil || got.ID != "CVE-2024-1" {
		t.Errorf("decode = %+v, %v; want the fields that are known", got, err)
	}
}

func FuzzRecord(f *testing.F) {
	var r harrier.Record
	var n int64
	fill(reflect.ValueOf(&r).Elem(), &n)
	f.Add(recordCodec.encode(&r))
	f.Add([]byte{})
	f.Add([]byte{2, 0xff, 0xff, 0xff, 0xff, 0x0f})
	f.Fuzz(func(t *testing.T, b []byte) {
		var one, two harrier.Record
		if recordCodec.decode(b, &one) != nil {
			return
		}
		if err := recordCodec.decode(recordCodec.encode(&one), &two); err != nil {
			t.Fatal(err)
		}
		// Written again it is the same, to the byte.
		if diff := cmp.Diff(recordCodec.encode(&one), recordCodec.encode(&two)); diff != "" {
			t.Error(diff)
		}
	})
}

func FuzzGroups(f *testing.F) {
	f.Add(groupCodec.encode(&group{Source: "nvd", Record: "CVE-2024-1", Vulns: []harrier.VulnID{1}, Affected: []harrier.Affected{{CPE: "cpe:2.3:a:b:c"}}}))
	f.Fuzz(func(_ *testing.T, b []byte) {
		var g group
		_ = groupCodec.decode(b, &g)
	})
}

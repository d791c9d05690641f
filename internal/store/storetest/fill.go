package storetest

import (
	"fmt"
	"net/netip"
	"reflect"
	"time"

	"github.com/harrier-scan/harrier"
)

// fill gives every field of what v points at a value that is not zero and
// differs with seed, so that a field that gets lost on the way shows.
func fill(v any, seed int) {
	n := seed * 1000
	fillValue(reflect.ValueOf(v).Elem(), &n)
}

func fillValue(v reflect.Value, n *int) {
	*n++
	switch v.Interface().(type) {
	case time.Time:
		v.Set(reflect.ValueOf(time.Date(2026, 3, 1, 12, 0, 0, *n%1000*1000, time.UTC).Add(time.Duration(*n) * time.Minute)))
		return
	case netip.Addr:
		v.Set(reflect.ValueOf(netip.AddrFrom4([4]byte{192, 0, byte(*n >> 8), byte(*n)})))
		return
	case netip.Prefix:
		v.Set(reflect.ValueOf(netip.PrefixFrom(netip.AddrFrom4([4]byte{10, byte(*n >> 8), byte(*n), 0}), 24)))
		return
	case harrier.Target:
		a := netip.AddrFrom4([4]byte{198, 51, byte(*n >> 8), byte(*n)})
		v.Set(reflect.ValueOf(harrier.Target{First: a, Last: a.Next()}))
		return
	case harrier.UUID:
		v.Set(reflect.ValueOf(harrier.NewUUID(time.UnixMilli(int64(*n)))))
		return
	case harrier.Severity:
		v.Set(reflect.ValueOf(harrier.Severity(1 + *n%4)))
		return
	case harrier.Certainty:
		v.Set(reflect.ValueOf(harrier.Certainty(1 + *n%2)))
		return
	case harrier.Condition:
		v.Set(reflect.ValueOf(harrier.Condition{Expr: harrier.Cmp{Field: "port", Op: harrier.Eq, Values: []any{int64(*n)}}}))
		return
	case *harrier.IDs: // never kept
		return
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString(fmt.Sprintf("tëxt %d", *n))
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int, reflect.Int64:
		v.SetInt(int64(*n))
	case reflect.Int32:
		v.SetInt(int64(*n))
	case reflect.Int8:
		v.SetInt(int64(*n % 100))
	case reflect.Uint32:
		v.SetUint(uint64(*n))
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fillValue(v.Elem(), n)
	case reflect.Uint8:
		v.SetUint(1)
	case reflect.Uint16:
		v.SetUint(uint64(*n % 65000))
	case reflect.Float64:
		v.SetFloat(float64(*n%1000) / 8)
	case reflect.Struct:
		for i := range v.NumField() {
			fillValue(v.Field(i), n)
		}
	case reflect.Array:
		for i := range v.Len() {
			fillValue(v.Index(i), n)
		}
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		for i := range v.Len() {
			fillValue(v.Index(i), n)
		}
	case reflect.Map:
		v.Set(reflect.MakeMap(v.Type()))
		for range 2 {
			key, value := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
			fillValue(key, n)
			fillValue(value, n)
			v.SetMapIndex(key, value)
		}
	default:
		panic(fmt.Sprintf("fill %s", v.Type()))
	}
}

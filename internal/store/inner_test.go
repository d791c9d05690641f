package store

import (
	"bytes"
	"reflect"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/harrier-scan/harrier"
)

// TestFields searches and sorts by every field of the tables of fields.
func TestFields(t *testing.T) {
	db, err := Open(t.Context(), ":memory:")
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	}()
	values := []any{int64(1), 1.5, "a", "É", true}
	for name, f := range findingFields {
		for _, op := range []harrier.Op{harrier.Eq, harrier.Lt, harrier.Contains} {
			p := Page{}
			if f.sort != "" {
				p.Sort = name
			}
			if _, _, err := db.SearchFindings(t.Context(), harrier.Cmp{Field: name, Op: op, Values: values}, p); err != nil {
				t.Errorf("findings by %s %s: %v", name, op, err)
			}
		}
	}
	for name, f := range assetFields {
		for _, op := range []harrier.Op{harrier.Eq, harrier.Lt, harrier.Contains} {
			p := Page{}
			if f.sort != "" {
				p.Sort = name
			}
			if _, _, err := db.SearchAssets(t.Context(), harrier.Cmp{Field: name, Op: op, Values: values}, p); err != nil {
				t.Errorf("assets by %s %s: %v", name, op, err)
			}
		}
	}
}

// TestFieldsAreOneThing keeps the tables of fields complete.
func TestFieldsAreOneThing(t *testing.T) {
	for table, fields := range map[string]map[string]field{"finding": findingFields, "asset": assetFields, "count": countFields} {
		for name, f := range fields {
			kinds := 0
			for _, set := range []bool{f.number != "", f.decimal != "", f.text != "", f.ordinal != "", f.choices != nil, f.body != "", f.subject != ""} {
				kinds += b2i(set)
			}
			if kinds != 1 || (f.ordinal != "") != (f.values > 0) {
				t.Errorf("%s field %s is of %d kinds, %d values; want one kind", table, name, kinds, f.values)
			}
		}
	}
}

// FuzzUnpack feeds damaged values to the readers: they answer with an error or
// with a value that packs to the same again.
func FuzzUnpack(f *testing.F) {
	var p packer
	f.Add(p.fromObservations(nil))
	f.Add(p.fromObservations([]harrier.Observation{{
		Vulnerability: 900_001, Endpoint: harrier.Endpoint{Protocol: harrier.TCP, Port: 443}, Key: "k", Service: "http",
		Evidence: "TLS 1.0", Certainty: harrier.Certain, Source: "active", At: time.UnixMicro(1_700_000_000_000_000),
	}}))
	f.Add(p.fromCoverage(&harrier.Coverage{
		Alive: true, Complete: true, Reason: "r", Planned: 7, Ports: harrier.AllPorts,
		Open:    []harrier.Open{{Endpoint: harrier.Endpoint{Protocol: harrier.TCP, Port: 443}, Known: true}},
		Entries: []harrier.Done{{Check: 9, Outcome: harrier.Failed, Reason: "no answer"}, {Check: 12, Outcome: harrier.Skipped}},
	}))
	f.Add(p.pack(make([]byte, 1000)))
	f.Add([]byte{9, 9})
	f.Fuzz(func(t *testing.T, data []byte) {
		list, err := p.observations(data)
		if err == nil {
			again, err := p.observations(p.fromObservations(list))
			if err != nil || !reflect.DeepEqual(list, again) {
				t.Errorf("observations(%x) = %v, packed again %v, %v", data, list, again, err)
			}
		}
		if c, err := p.coverage(data); err == nil {
			packed := p.fromCoverage(c) // with clean texts
			again, err := p.coverage(packed)
			if err != nil || !bytes.Equal(p.fromCoverage(again), packed) {
				t.Errorf("coverage(%x) = %v, packed again %v, %v", data, c, again, err)
			}
		}
		if _, err := p.scanVulns(data); err != nil {
			return
		}
	})
}

func TestPackedForms(t *testing.T) {
	var p packer
	for _, body := range [][]byte{nil, []byte("short"), make([]byte, 100_000)} {
		packed := p.pack(body)
		got, err := p.unpack(packed)
		if err != nil || string(got) != string(body) {
			t.Errorf("unpack(pack(%d bytes)) = %d bytes, %v", len(body), len(got), err)
		}
	}
	for _, bad := range [][]byte{nil, {}, {3, 1}, {packedS2, 1, 2, 3}, flipped(p.pack(make([]byte, 1000)))} {
		if got, err := p.unpack(bad); err == nil {
			t.Errorf("unpack(%v) = %v; want an error", bad, got)
		}
	}
}

// flipped changes the checksum.
func flipped(packed []byte) []byte {
	packed[1] ^= 1
	return packed
}

func TestFromRows(t *testing.T) {
	for text, want := range map[string]string{
		"INSERT INTO t (a, b) VALUES ($1, $2) ON CONFLICT DO NOTHING": "INSERT OR FAIL INTO t (a, b) SELECT r.c1, r.c2 FROM temp.bulk_rows AS r WHERE true ON CONFLICT DO NOTHING",
		"UPDATE t SET a = $1 WHERE id = $2":                           "UPDATE OR FAIL t SET a = r.c1 FROM temp.bulk_rows AS r WHERE id = r.c2",
	} {
		if diff := cmp.Diff(want, fromRows(text)); diff != "" {
			t.Errorf("fromRows(%s) (-want +got):\n%s", text, diff)
		}
	}
}

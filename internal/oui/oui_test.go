package oui

import (
	"bytes"
	"testing"
	"time"
)

func TestOf(t *testing.T) {
	for _, c := range []struct {
		mac  string
		want Owner
	}{
		{"00:00:0c:12:34:56", Owner{Vendor: "Cisco Systems, Inc"}},
		{"00-00-0C-12-34-56", Owner{Vendor: "Cisco Systems, Inc"}},
		{"0000.0c12.3456", Owner{Vendor: "Cisco Systems, Inc"}},
		{"b8:27:eb:01:02:03", Owner{Vendor: "Raspberry Pi Foundation"}},
		{"20:85:93:b1:02:03", Owner{Vendor: "IOG Products LLC"}}, // 28 bits, below a block of the registry itself
		{"70:b3:d5:f2:f1:02", Owner{Vendor: "TELEPLATFORMS"}},    // 36 bits
		{"40:d8:55:11:c1:02", Owner{Vendor: "DEUTA-WERKE GmbH"}}, // 36 bits, of an old kind
		{"20:85:93:f1:02:03", Owner{}},                           // a part of it that nobody has
		{"74:1a:e0:91:02:03", Owner{}},                           // who has it stays private
		{"00:0c:29:01:02:03", Owner{Vendor: "VMware, Inc.", Virtual: "VMware"}},
		{"52:54:00:01:02:03", Owner{Local: true, Virtual: "QEMU/KVM"}},
		{"02:42:ac:11:00:02", Owner{Local: true, Virtual: "Docker"}},
		{"da:a1:19:01:02:03", Owner{Local: true}},
		{"01:00:5e:00:00:01", Owner{}},
		{"ff:ff:ff:ff:ff:ff", Owner{}},
		{"00:00:0c:12:34:56:78:9a", Owner{}},
		{"nonsense", Owner{}},
		{"", Owner{}},
	} {
		if got := Of(c.mac); got != c.want {
			t.Errorf("Of(%q) = %+v; want %+v", c.mac, got, c.want)
		}
	}
}

func TestTable(t *testing.T) {
	tab, err := Read(bytes.NewReader(packed))
	if err != nil || tab.Len() < 40000 || tab.Date.Year() < 2022 || Date() != tab.Date {
		t.Fatalf("the table has %d assignments of %v, %v; want over 40,000", tab.Len(), tab.Date, err)
	}
	if len(packed) > 600<<10 {
		t.Errorf("the table has %d bytes; want at most 600 KiB", len(packed))
	}
	var b bytes.Buffer
	day := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
	list := []Assignment{{0xabcdef, 24, "B"}, {0x000001, 24, "A"}, {0xabcdef1, 28, "C"}, {0xabcdef234, 36, "A"}}
	if err := Write(&b, day, list); err != nil {
		t.Fatal(err)
	}
	if tab, err = Read(&b); err != nil || tab.Date != day {
		t.Fatalf("Read = %+v, %v", tab, err)
	}
	for mac, want := range map[uint64]string{0xabcdef000000: "B", 0xabcdef100000: "C", 0xabcdef234fff: "A", 0x000001000000: "A", 0x000002000000: ""} {
		if got := tab.vendor(mac); got != want {
			t.Errorf("vendor(%012x) = %q; want %q", mac, got, want)
		}
	}
	if Write(&b, day, []Assignment{{1, 24, "two\nlines"}}) == nil {
		t.Error("Write took a name of two lines")
	}
}

func FuzzRead(f *testing.F) {
	f.Add(packed[:4096])
	var b bytes.Buffer
	if err := Write(&b, time.Unix(0, 0), []Assignment{{0xabcdef, 24, "B"}, {0xabcdef234, 36, "A"}}); err != nil {
		f.Fatal(err)
	}
	f.Add(b.Bytes())
	f.Fuzz(func(t *testing.T, data []byte) {
		tab, err := Read(bytes.NewReader(data))
		if err != nil {
			return
		}
		for i, b := range tab.blocks {
			for _, p := range b.prefixes {
				_ = tab.vendor(p << (48 - lengths[i]))
			}
		}
	})
}

func BenchmarkOf(b *testing.B) {
	Of("00:00:0c:12:34:56")
	for b.Loop() {
		Of("70:b3:d5:f2:f1:02")
	}
}

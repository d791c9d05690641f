package oui

import (
	"bufio"
	"cmp"
	"compress/flate"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
)

// Assignment is one block of addresses and who has it.
type Assignment struct {
	Prefix uint64 // its Bits first bits, as a number
	Bits   int    // 24, 28 or 36
	Vendor string
}

// Table finds assignments. The zero value has none.
type Table struct {
	Date   time.Time
	names  string   // all of them
	ends   []uint32 // of each in names
	blocks [len(lengths)]block
}

// block is the assignments of one length by rising prefix.
type block struct {
	prefixes []uint64
	vendors  []uint16 // indexes of names
}

// lengths are those of prefixes, the longest first.
var lengths = [...]int{36, 28, 24}

// The form of a table: the magic line, the day as "2006-01-02" and a line break,
// then, packed by DEFLATE, the sorted names, one a line, an empty line, and for
// each of lengths the number of assignments, the differences of their prefixes
// and the indexes of their names, as unsigned varints.
const (
	magic    = "harrier mac vendors 1\n"
	dayForm  = "2006-01-02"
	maxNames = 1<<16 - 1
	maxName  = 256
	maxBlock = 1 << 20
)

// Len is how many assignments there are.
func (t *Table) Len() int {
	n := 0
	for _, b := range t.blocks {
		n += len(b.prefixes)
	}
	return n
}

func (t *Table) vendor(mac uint64) string {
	for i, bits := range lengths {
		b := &t.blocks[i]
		if at, found := slices.BinarySearch(b.prefixes, mac>>(48-bits)); found {
			return t.name(int(b.vendors[at]))
		}
	}
	return ""
}

func (t *Table) name(i int) string {
	from := uint32(0)
	if i > 0 {
		from = t.ends[i-1]
	}
	return t.names[from:t.ends[i]]
}

// Write writes the table of the assignments, in any order; of several for one
// prefix the first in the order of names stays. The same assignments give the
// same bytes.
func Write(w io.Writer, day time.Time, list []Assignment) error {
	list = slices.Clone(list)
	slices.SortFunc(list, func(a, b Assignment) int {
		return cmp.Or(cmp.Compare(b.Bits, a.Bits), cmp.Compare(a.Prefix, b.Prefix), strings.Compare(a.Vendor, b.Vendor))
	})
	list = slices.CompactFunc(list, func(a, b Assignment) bool { return a.Bits == b.Bits && a.Prefix == b.Prefix })
	names := make([]string, 0, len(list))
	for _, a := range list {
		if strings.ContainsAny(a.Vendor, "\n\r") || len(a.Vendor) > maxName || a.Vendor == "" {
			return fmt.Errorf("%q can not be a vendor's name", a.Vendor)
		}
		names = append(names, a.Vendor)
	}
	slices.Sort(names)
	names = slices.Compact(names)
	if len(names) > maxNames {
		return fmt.Errorf("%d vendors are too many", len(names))
	}
	if _, err := io.WriteString(w, magic+day.UTC().Format(dayForm)+"\n"); err != nil {
		return err
	}
	out, err := flate.NewWriter(w, flate.BestCompression)
	if err != nil {
		return err
	}
	b := []byte(strings.Join(names, "\n") + "\n\n")
	for _, bits := range lengths {
		own := slices.DeleteFunc(slices.Clone(list), func(a Assignment) bool { return a.Bits != bits })
		b = binary.AppendUvarint(b, uint64(len(own)))
		last := uint64(0)
		for _, a := range own {
			b = binary.AppendUvarint(b, a.Prefix-last)
			last = a.Prefix
		}
		for _, a := range own {
			i, _ := slices.BinarySearch(names, a.Vendor)
			b = binary.AppendUvarint(b, uint64(i))
		}
	}
	if _, err := out.Write(b); err != nil {
		return err
	}
	return out.Close()
}

var errTable = errors.New("no table of MAC vendors")

// Read reads what Write wrote.
func Read(r io.Reader) (*Table, error) {
	in := bufio.NewReader(r)
	head := make([]byte, len(magic)+len(dayForm)+1)
	if _, err := io.ReadFull(in, head); err != nil || string(head[:len(magic)]) != magic {
		return nil, errTable
	}
	day, err := time.Parse(dayForm, string(head[len(magic):len(head)-1]))
	if err != nil {
		return nil, errTable
	}
	t := &Table{Date: day}
	in = bufio.NewReader(flate.NewReader(in))
	if err := t.readNames(in); err != nil {
		return nil, err
	}
	for i, bits := range lengths {
		if err := t.blocks[i].read(in, bits, len(t.ends)); err != nil {
			return nil, err
		}
	}
	return t, nil
}

func (t *Table) readNames(in *bufio.Reader) error {
	var names strings.Builder
	for {
		line, err := in.ReadSlice('\n')
		switch {
		case err != nil || len(t.ends) > maxNames || len(line) > maxName+1:
			return errTable
		case len(line) == 1:
			t.names = names.String()
			return nil
		}
		names.Write(line[:len(line)-1])
		t.ends = append(t.ends, uint32(names.Len()))
	}
}

func (b *block) read(in *bufio.Reader, bits, names int) error {
	n, err := binary.ReadUvarint(in)
	if err != nil || n > maxBlock {
		return errTable
	}
	last := uint64(0)
	for i := range n {
		step, err := binary.ReadUvarint(in)
		if last += step; err != nil || i > 0 && step == 0 || step>>bits != 0 || last>>bits != 0 {
			return errTable
		}
		b.prefixes = append(b.prefixes, last)
	}
	for range n {
		v, err := binary.ReadUvarint(in)
		if err != nil || v >= uint64(names) {
			return errTable
		}
		b.vendors = append(b.vendors, uint16(v))
	}
	return nil
}

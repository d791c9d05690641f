package content

import (
	"bufio"
	"bytes"
	"cmp"
	"container/heap"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
)

// sorter brings statements into the order of their keys with bounded memory: it
// sorts what fits in its buffer, puts that into a file, and merges the files in
// the end.
type sorter struct {
	folder  string
	limit   int // bytes of the buffer
	entries []entry
	bytes   int
	files   []*os.File
}

// entry is what one record says about one key, encoded.
type entry struct {
	key    string
	record int32
	body   []byte
}

func compareEntries(a, b entry) int {
	return cmp.Or(cmp.Compare(a.key, b.key), cmp.Compare(a.record, b.record))
}

func (s *sorter) add(e entry) error {
	s.entries = append(s.entries, e)
	if s.bytes += len(e.key) + len(e.body) + 64; s.bytes < s.limit {
		return nil
	}
	return s.spill()
}

func (s *sorter) spill() error {
	slices.SortFunc(s.entries, compareEntries)
	f, err := os.CreateTemp(s.folder, ".content-sort-*")
	if err != nil {
		return fmt.Errorf("sort statements: %w", err)
	}
	s.files = append(s.files, f)
	if err := os.Remove(f.Name()); err != nil { // gone when it is closed
		return fmt.Errorf("sort statements: %w", err)
	}
	w := bufio.NewWriterSize(f, 256<<10)
	var head []byte
	for _, e := range s.entries {
		head = binary.AppendUvarint(head[:0], uint64(len(e.key)))
		head = append(head, e.key...)
		head = binary.AppendUvarint(head, uint64(e.record))
		head = binary.AppendUvarint(head, uint64(len(e.body)))
		_, _ = w.Write(head)   // Flush returns the error
		_, _ = w.Write(e.body) // likewise
	}
	if err := w.Flush(); err != nil {
		return fmt.Errorf("sort statements: %w", err)
	}
	clear(s.entries)
	s.entries, s.bytes = s.entries[:0], 0
	return nil
}

func (s *sorter) close() {
	for _, f := range s.files {
		_ = f.Close() // removed already
	}
	s.files, s.entries = nil, nil
}

// each calls do with every key and its entries, in order.
func (s *sorter) each(do func(key string, entries []entry) error) error {
	slices.SortFunc(s.entries, compareEntries)
	runs := runHeap{{memory: s.entries}}
	for _, f := range s.files {
		if _, err := f.Seek(0, io.SeekStart); err != nil {
			return fmt.Errorf("sort statements: %w", err)
		}
		runs = append(runs, &run{file: bufio.NewReaderSize(f, 256<<10)})
	}
	for i := 0; i < len(runs); {
		switch ok, err := runs[i].next(); {
		case err != nil:
			return err
		case !ok:
			runs = slices.Delete(runs, i, i+1)
		default:
			i++
		}
	}
	heap.Init(&runs)
	var group []entry
	for len(runs) > 0 {
		e := runs[0].head
		if len(group) > 0 && group[0].key != e.key {
			if err := do(group[0].key, group); err != nil {
				return err
			}
			group = group[:0]
		}
		group = append(group, e)
		switch ok, err := runs[0].next(); {
		case err != nil:
			return err
		case !ok:
			heap.Pop(&runs)
		default:
			heap.Fix(&runs, 0)
		}
	}
	if len(group) > 0 {
		return do(group[0].key, group)
	}
	return nil
}

// run is one sorted sequence of entries.
type run struct {
	head   entry
	memory []entry
	file   *bufio.Reader
}

func (r *run) next() (bool, error) {
	if r.file == nil {
		if len(r.memory) == 0 {
			return false, nil
		}
		r.head, r.memory = r.memory[0], r.memory[1:]
		return true, nil
	}
	key, err := r.bytes()
	if errors.Is(err, io.EOF) {
		return false, nil
	}
	record, err2 := binary.ReadUvarint(r.file)
	body, err3 := r.bytes()
	if err := cmp.Or(err, err2, err3); err != nil {
		return false, fmt.Errorf("sort statements: %w", err)
	}
	r.head = entry{string(key), int32(record), body}
	return true, nil
}

func (r *run) bytes() ([]byte, error) {
	n, err := binary.ReadUvarint(r.file)
	if err != nil {
		return nil, err
	}
	if n > maxEncoded {
		return nil, errDamaged
	}
	b := make([]byte, n)
	_, err = io.ReadFull(r.file, b)
	return b, err
}

type runHeap []*run

func (h runHeap) Len() int { return len(h) }
func (h runHeap) Less(i, j int) bool {
	if c := cmp.Compare(h[i].head.key, h[j].head.key); c != 0 {
		return c < 0
	}
	return h[i].head.record < h[j].head.record || h[i].head.record == h[j].head.record && bytes.Compare(h[i].head.body, h[j].head.body) < 0
}
func (h runHeap) Swap(i, j int) { h[i], h[j] = h[j], h[i] }
func (h *runHeap) Push(x any)   { *h = append(*h, x.(*run)) }
func (h *runHeap) Pop() any {
	last := (*h)[len(*h)-1]
	*h = (*h)[:len(*h)-1]
	return last
}

// Command ouitable makes internal/oui's table from the public listings of the
// IEEE Registration Authority, as Debian's package ieee-data has them: oui.csv
// (MA-L), mam.csv (MA-M), oui36.csv (MA-S) and iab.csv. It keeps prefixes and
// names; blocks of organisations that stay private, and those that the
// authority itself holds to cut them up, are left without a name.
//
// The same input gives the same output. From the project's root, after
// apt-get install ieee-data:
//
//	go run ./internal/tools/ouitable
package main

import (
	"bytes"
	"encoding/csv"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/harrier-scan/harrier/internal/oui"
)

func main() {
	data := flag.String("data", "/usr/share/ieee-data", "folder with the listings")
	out := flag.String("o", "internal/oui/table.bin", "file to write")
	flag.Parse()
	if err := run(*data, *out); err != nil {
		fmt.Fprintln(os.Stderr, "ouitable:", err)
		os.Exit(1)
	}
}

// listings are the files and the length of their prefixes.
var listings = []struct {
	file string
	bits int
}{{"oui.csv", 24}, {"mam.csv", 28}, {"oui36.csv", 36}, {"iab.csv", 36}}

func run(data, out string) error {
	day, err := lastUpdate(filepath.Join(data, ".lastupdate"))
	if err != nil {
		return err
	}
	var all []oui.Assignment
	for _, l := range listings {
		f, err := os.Open(filepath.Join(data, l.file))
		if err != nil {
			return err
		}
		list, err := read(f, l.bits)
		_ = f.Close() // it was only read
		if err != nil {
			return fmt.Errorf("%s: %w", l.file, err)
		}
		all = append(all, list...)
	}
	var b bytes.Buffer
	if err := oui.Write(&b, day, all); err != nil {
		return err
	}
	fmt.Printf("%d assignments of %s in %d bytes\n", len(all), day.Format(time.DateOnly), b.Len())
	return os.WriteFile(out, b.Bytes(), 0o644)
}

// lastUpdate reads the time of a download, seconds since 1970.
func lastUpdate(file string) (time.Time, error) {
	b, err := os.ReadFile(file)
	if err != nil {
		return time.Time{}, err
	}
	seconds, err := strconv.ParseInt(strings.TrimSpace(string(b)), 10, 64)
	if err != nil {
		return time.Time{}, fmt.Errorf("%s: %w", file, err)
	}
	return time.Unix(seconds, 0).UTC(), nil
}

// nobody are names that stand for no maker.
var nobody = map[string]bool{"private": true, "ieee registration authority": true, "": true}

// read reads one listing: registry, prefix in hexadecimal digits, organisation,
// its address.
func read(r io.Reader, bits int) ([]oui.Assignment, error) {
	rows := csv.NewReader(r)
	rows.ReuseRecord = true
	if _, err := rows.Read(); err != nil { // the heading
		return nil, err
	}
	var out []oui.Assignment
	for {
		row, err := rows.Read()
		switch {
		case errors.Is(err, io.EOF):
			return out, nil
		case err != nil:
			return nil, err
		case len(row) < 3 || len(row[1]) != bits/4:
			return nil, fmt.Errorf("%q is no assignment of %d bits", row, bits)
		}
		prefix, err := strconv.ParseUint(row[1], 16, 64)
		if err != nil {
			return nil, err
		}
		name := strings.Join(strings.Fields(strings.ToValidUTF8(row[2], "")), " ")
		if !nobody[strings.ToLower(name)] {
			out = append(out, oui.Assignment{Prefix: prefix, Bits: bits, Vendor: name})
		}
	}
}

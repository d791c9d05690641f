package columns

import (
	"errors"
	"slices"

	"github.com/harrier-scan/harrier"
)

// Span is an interval in which a finding was open, in microseconds since 1970;
// Closed is 0 while it is.
type Span struct{ Opened, Seen, Closed int64 }

// Finding is what the view keeps of a finding.
type Finding struct {
	ID, Asset, Scan harrier.ID
	Vulnerability   harrier.VulnID
	Endpoint        harrier.Endpoint
	Severity        harrier.Severity
	Certainty       harrier.Certainty
	Origin          harrier.Origin
	Service, Source string
	Span                   // the newest interval
	Older           []Span // oldest first
}

const (
	segmentBits = 16
	segmentRows = 1 << segmentBits
	segmentMask = segmentRows - 1
)

// bitmap tells rows of a segment.
type bitmap [segmentRows / 64]uint64

func (b *bitmap) has(i uint32) bool { return b[i>>6]>>(i&63)&1 != 0 }

func (b *bitmap) put(i uint32, on bool) {
	if on {
		b[i>>6] |= 1 << (i & 63)
	} else {
		b[i>>6] &^= 1 << (i & 63)
	}
}

// segment holds the findings whose IDs share all but the lowest bits.
type segment struct {
	asset, vuln, place, scan [segmentRows]uint32
	severity                 [segmentRows]uint8
	opened, seen, closed     [segmentRows]int64
	present, open, older     bitmap
	// count is how many are present.
	count int
}

// place is what the findings at one kind of endpoint share.
type place struct {
	protocol, service, source string
	port                      uint16
	certainty, origin         uint8
}

// ErrTooBig tells that IDs have grown beyond what a view can keep.
var ErrTooBig = errors.New("an ID is beyond those that a view keeps")

const maxID = 1<<32 - 1

func (v *View) segment(row uint32) *segment {
	n := int(row >> segmentBits)
	if n >= len(v.segments) {
		v.segments = append(v.segments, make([]*segment, n+1-len(v.segments))...)
	}
	if v.segments[n] == nil {
		v.segments[n] = new(segment)
	}
	return v.segments[n]
}

// PutFinding takes a finding in, or what has become of it.
func (v *View) PutFinding(f *Finding) error {
	if f.ID <= 0 || f.ID > maxID || f.Asset <= 0 || f.Asset > maxID || f.Scan < 0 || f.Scan > maxID {
		return ErrTooBig
	}
	row := uint32(f.ID)
	s, i := v.segment(row), row&segmentMask
	v.removeCounts(s, i)
	if asset := uint32(f.Asset); !s.present.has(i) || s.asset[i] != asset {
		if s.present.has(i) {
			v.unlist(s.asset[i], row)
		}
		v.growAssets(asset)
		v.rows[asset] = append(v.rows[asset], row)
		s.asset[i] = asset
	}
	if !s.present.has(i) {
		s.count++
		v.findings++
	}
	s.vuln[i] = v.vulnCode(f.Vulnerability)
	s.place[i] = v.places.code(place{
		string(f.Endpoint.Protocol), f.Service, f.Source, f.Endpoint.Port, uint8(f.Certainty), uint8(f.Origin),
	})
	s.scan[i], s.severity[i] = uint32(f.Scan), uint8(f.Severity)
	s.opened[i], s.seen[i], s.closed[i] = f.Opened, f.Seen, f.Closed
	s.present.put(i, true)
	s.open.put(i, f.Closed == 0)
	if len(f.Older) > 0 {
		v.chains[row] = slices.Clone(f.Older)
	} else if s.older.has(i) {
		delete(v.chains, row)
	}
	s.older.put(i, len(f.Older) > 0)
	if a := v.assets[s.asset[i]]; a != nil && f.Closed == 0 {
		a.open[s.severity[i]]++
	}
	return nil
}

// RemoveFinding forgets a finding.
func (v *View) RemoveFinding(id harrier.ID) {
	row := uint32(id)
	n := int(row >> segmentBits)
	if id <= 0 || id > maxID || n >= len(v.segments) || v.segments[n] == nil {
		return
	}
	s, i := v.segments[n], row&segmentMask
	if !s.present.has(i) {
		return
	}
	v.removeCounts(s, i)
	v.unlist(s.asset[i], row)
	s.present.put(i, false)
	s.open.put(i, false)
	s.older.put(i, false)
	delete(v.chains, row)
	s.count--
	v.findings--
}

// removeCounts takes a row out of the counts of its asset.
func (v *View) removeCounts(s *segment, i uint32) {
	if !s.open.has(i) {
		return
	}
	if a := v.assets[s.asset[i]]; a != nil {
		a.open[s.severity[i]]--
	}
}

func (v *View) unlist(asset, row uint32) {
	list := v.rows[asset]
	if at := slices.Index(list, row); at >= 0 {
		v.rows[asset] = slices.Delete(list, at, at+1)
	}
}

func (v *View) growAssets(id uint32) {
	if n := int(id) + 1 - len(v.assets); n > 0 {
		v.assets = append(v.assets, make([]*asset, n)...)
		v.rows = append(v.rows, make([][]uint32, n)...)
	}
}

// firstSeen is the start of the first interval.
func (v *View) firstSeen(s *segment, base, i uint32) int64 {
	if s.older.has(i) {
		return v.chains[base|i][0].Opened
	}
	return s.opened[i]
}

// Settle puts what was read in any order into the order of IDs, and gives room
// back: to be called when all is read.
func (v *View) Settle() {
	for i, list := range v.rows {
		slices.Sort(list)
		if cap(list) > len(list)+len(list)/4+4 {
			v.rows[i] = slices.Clone(list)
		}
	}
}

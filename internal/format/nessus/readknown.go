package nessus

import (
	"bytes"

	"github.com/harrier-scan/harrier"
)

// Most of a file are the definitions of plugins, which stand again in every
// result of a plugin, byte by byte the same, before its output. What was read
// once is passed over by comparing bytes.
const (
	maxRaw      = 32 << 10 // bytes of one definition that is compared
	maxRawInAll = 32 << 20
)

// definition is what is remembered of a plugin.
type definition struct {
	harrier.Vulnerability
	raw       []byte // whole elements, as they stood before the output; nil: not remembered
	potential bool   // one of raw says so
}

// passed goes over the children that stand in front of it if they are those
// that were remembered, and reports whether they are.
func (p *parser) passed(d *definition) (bool, error) {
	if d == nil || len(d.raw) == 0 || p.pendingEnd {
		return false, nil
	}
	for p.end-p.pos < len(d.raw) {
		if more, err := p.fill(); err != nil || !more {
			return false, err
		}
	}
	if !bytes.HasPrefix(p.buf[p.pos:p.end], d.raw) {
		return false, nil
	}
	p.pos += len(d.raw)
	return true, nil
}

// mark is a place in the file.
func (p *parser) mark() int64 { return p.read + int64(p.pos) }

// between returns the bytes between two places in the file, while they are in the
// buffer; else nil.
func (p *parser) between(from, to int64) []byte {
	if from < p.read || to-from > maxRaw {
		return nil
	}
	return p.buf[from-p.read : to-p.read]
}

// keepRaw remembers the bytes of a definition.
func (p *parser) keepRaw(d *definition, raw []byte, potential bool) {
	if len(raw) == 0 || p.raw+len(raw)-len(d.raw) > maxRawInAll || len(p.known) >= maxKnown && p.known[d.ID] != d {
		return
	}
	p.raw += len(raw) - len(d.raw)
	d.raw, d.potential = bytes.Clone(raw), potential
}

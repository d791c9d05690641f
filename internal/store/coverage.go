package store

import (
	"encoding/binary"

	"github.com/harrier-scan/harrier"
)

// The coverage of a host is packed like its observations. What it holds for all
// hosts of a scan, Enabled, is left out.

const (
	coverAlive = 1 << iota
	coverComplete
	coverOpenFiltered // there are such ports: their ranges come last
)

func (p packer) fromCoverage(c *harrier.Coverage) []byte {
	b := make([]byte, 1, 64+len(c.Reason)+8*len(c.Open)+12*len(c.Entries))
	if c.Alive {
		b[0] |= coverAlive
	}
	if c.Complete {
		b[0] |= coverComplete
	}
	if len(c.OpenFiltered) > 0 {
		b[0] |= coverOpenFiltered
	}
	text := func(s string) {
		s = clean(s)
		b = binary.AppendUvarint(b, uint64(len(s)))
		b = append(b, s...)
	}
	endpoint := func(e harrier.Endpoint) {
		text(string(e.Protocol))
		b = binary.AppendUvarint(b, uint64(e.Port))
	}
	text(c.Reason)
	b = binary.AppendVarint(b, int64(c.Planned))
	ports := func(ranges []harrier.PortRange) {
		b = binary.AppendUvarint(b, uint64(len(ranges)))
		for _, r := range ranges {
			b = binary.AppendUvarint(b, uint64(r.First))
			b = binary.AppendUvarint(b, uint64(r.Last))
		}
	}
	ports(c.Ports.TCP)
	ports(c.Ports.UDP)
	b = binary.AppendUvarint(b, uint64(len(c.Open)))
	for _, o := range c.Open {
		endpoint(o.Endpoint)
		b = append(b, byte(b2i(o.Known)))
	}
	b = binary.AppendUvarint(b, uint64(len(c.Entries)))
	var before harrier.VulnID
	for i := range c.Entries {
		d := &c.Entries[i]
		b = binary.AppendVarint(b, int64(d.Check-before))
		endpoint(d.Endpoint)
		b = append(b, byte(d.Outcome))
		text(d.Reason)
		before = d.Check
	}
	if len(c.OpenFiltered) > 0 {
		ports(c.OpenFiltered)
	}
	return p.pack(b)
}

func (p packer) coverage(data []byte) (*harrier.Coverage, error) {
	body, err := p.unpack(data)
	if err != nil {
		return nil, err
	}
	r := reader{b: body, s: string(body)}
	endpoint := func() harrier.Endpoint {
		return harrier.Endpoint{Protocol: harrier.Protocol(r.text()), Port: uint16(r.uvarint())}
	}
	flags := r.byte()
	c := &harrier.Coverage{
		Alive: flags&coverAlive != 0, Complete: flags&coverComplete != 0,
		Reason: r.text(), Planned: int(r.varint()),
	}
	ports := func() []harrier.PortRange {
		ranges := make([]harrier.PortRange, r.length(2))
		for i := range ranges {
			ranges[i] = harrier.PortRange{First: uint16(r.uvarint()), Last: uint16(r.uvarint())}
		}
		return ranges
	}
	c.Ports.TCP, c.Ports.UDP = ports(), ports()
	c.Open = make([]harrier.Open, r.length(3))
	for i := range c.Open {
		c.Open[i] = harrier.Open{Endpoint: endpoint(), Known: r.byte() != 0}
	}
	c.Entries = make([]harrier.Done, r.length(5))
	var check harrier.VulnID
	for i := range c.Entries {
		check += harrier.VulnID(r.varint())
		c.Entries[i] = harrier.Done{Check: check, Endpoint: endpoint(), Outcome: harrier.Outcome(r.byte()), Reason: r.text()}
	}
	if flags&coverOpenFiltered != 0 {
		c.OpenFiltered = ports()
	}
	return c, r.end()
}

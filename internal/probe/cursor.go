package probe

import (
	"bytes"
	"encoding/binary"
)

// cursor reads a message of a peer from front to back. Whatever reaches beyond
// its end yields nothing and marks it bad, so that a reader may take all of its
// fields and ask once whether they were there.
type cursor struct {
	b   []byte
	bad bool
}

// bytes cuts off n bytes.
func (c *cursor) bytes(n int) []byte {
	if c.bad || n < 0 || n > len(c.b) {
		c.bad, c.b = true, nil
		return nil
	}
	cut := c.b[:n]
	c.b = c.b[n:]
	return cut
}

func (c *cursor) skip(n int) { c.bytes(n) }

// padded cuts off n bytes and what fills them up to a multiple of four.
func (c *cursor) padded(n int) []byte {
	cut := c.bytes(n)
	c.skip(min(-n&3, len(c.b))) // the last filling may be left out
	return cut
}

func (c *cursor) u8() int {
	if b := c.bytes(1); b != nil {
		return int(b[0])
	}
	return 0
}

func (c *cursor) be16() int {
	if b := c.bytes(2); b != nil {
		return int(binary.BigEndian.Uint16(b))
	}
	return 0
}

func (c *cursor) le16() int {
	if b := c.bytes(2); b != nil {
		return int(binary.LittleEndian.Uint16(b))
	}
	return 0
}

func (c *cursor) be32() uint32 {
	if b := c.bytes(4); b != nil {
		return binary.BigEndian.Uint32(b)
	}
	return 0
}

func (c *cursor) le32() uint32 {
	if b := c.bytes(4); b != nil {
		return binary.LittleEndian.Uint32(b)
	}
	return 0
}

// size takes a length of four bytes; one beyond maxReply is bad.
func (c *cursor) size(order binary.ByteOrder) int {
	if b := c.bytes(4); b != nil {
		if n := order.Uint32(b); n <= maxReply {
			return int(n)
		}
	}
	c.bad, c.b = true, nil
	return 0
}

// uvarint takes a number in base 128, least significant group first.
func (c *cursor) uvarint() uint64 {
	v, n := binary.Uvarint(c.b)
	if n <= 0 {
		c.bad, c.b = true, nil
		return 0
	}
	c.b = c.b[n:]
	return v
}

// varbytes takes a block with its length in base 128 in front of it.
func (c *cursor) varbytes() []byte {
	n := c.uvarint()
	if n > maxReply {
		c.bad, c.b = true, nil
		return nil
	}
	return c.bytes(int(n))
}

// zeroed takes a text up to a byte of zero.
func (c *cursor) zeroed() string {
	text, rest, found := bytes.Cut(c.b, []byte{0})
	if !found {
		c.bad, c.b = true, nil
		return ""
	}
	c.b = rest
	return string(text)
}

// sized makes a Protocol.Done of messages that begin with their length in four
// bytes, which does not count itself; head of them are needed in any case.
func sized(order binary.ByteOrder, head int) func([]byte) bool {
	return func(b []byte) bool {
		return len(b) >= max(head, 4) && uint64(len(b)) >= 4+uint64(order.Uint32(b))
	}
}

// enough makes a Protocol.Done of messages with a fixed size.
func enough(n int) func([]byte) bool {
	return func(b []byte) bool { return len(b) >= n }
}

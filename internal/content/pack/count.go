package pack

import (
	"errors"
	"hash"
	"io"
)

// counted counts and hashes what is read.
type counted struct {
	r     io.Reader
	hash  hash.Hash
	n     int64
	ended bool
}

// Read reads.
func (c *counted) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	c.hash.Write(p[:n])
	c.ended = c.ended || errors.Is(err, io.EOF)
	return n, err
}

// written counts and hashes what is written.
type written struct {
	w    io.Writer
	hash hash.Hash
	n    int64
}

// Write writes.
func (c *written) Write(p []byte) (int, error) {
	n, err := c.w.Write(p)
	c.n += int64(n)
	c.hash.Write(p[:n])
	return n, err
}

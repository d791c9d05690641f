package check

import (
	"bufio"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"time"
)

// maxMessage bounds what a check reads of one answer.
const maxMessage = 64 << 10

func (t Target) open(ctx context.Context, network string, secure bool) (*Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, t.Wait())
	defer cancel()
	raw, err := t.Dial(ctx, network, t.AddrPort())
	if err != nil {
		return nil, fmt.Errorf("connect: %w", err)
	}
	if err := raw.SetDeadline(time.Now().Add(t.Wait())); err != nil {
		_ = raw.Close()
		return nil, fmt.Errorf("set a deadline: %w", err)
	}
	if secure {
		if raw, err = t.secure(ctx, raw); err != nil {
			return nil, err
		}
	}
	return &Conn{Conn: raw, Reader: bufio.NewReaderSize(raw, maxMessage)}, nil
}

// secure wraps raw in TLS. Certificates are not verified: what they are worth
// is the subject of checks of its own.
func (t Target) secure(ctx context.Context, raw net.Conn) (net.Conn, error) {
	c := tls.Client(raw, &tls.Config{InsecureSkipVerify: true, ServerName: t.Name, MinVersion: tls.VersionTLS10, CipherSuites: everyCipher()})
	if err := c.HandshakeContext(ctx); err != nil {
		_ = raw.Close()
		return nil, fmt.Errorf("tls: %w", err)
	}
	return c, nil
}

// Ask connects, sends request unless it is empty, and returns the first piece
// of the answer: what one read gives, at most 64 KiB. An answer of no bytes is
// an error.
func (t Target) Ask(ctx context.Context, request []byte) ([]byte, error) {
	c, err := t.Open(ctx)
	if err != nil {
		return nil, err
	}
	defer c.Close()
	return c.Ask(request)
}

// Ask sends request unless it is empty, and returns what one read gives.
func (c *Conn) Ask(request []byte) ([]byte, error) {
	if len(request) > 0 {
		if _, err := c.Write(request); err != nil {
			return nil, fmt.Errorf("send: %w", err)
		}
	}
	buf := make([]byte, maxMessage)
	n, err := c.Read(buf)
	if n > 0 {
		return buf[:n], nil
	}
	if err == nil {
		err = io.ErrUnexpectedEOF
	}
	return nil, fmt.Errorf("no answer: %w", err)
}

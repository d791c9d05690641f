package check

import (
	"fmt"
	"io"
	"strconv"
	"strings"
)

// Say sends a line, which Say ends with CR LF.
func (c *Conn) Say(line string) error {
	if _, err := io.WriteString(c.Conn, line+"\r\n"); err != nil {
		return fmt.Errorf("send: %w", err)
	}
	return nil
}

// Line reads a line without its end, at most 64 KiB.
func (c *Conn) Line() (string, error) {
	line, err := c.ReadSlice('\n')
	if err != nil {
		return "", fmt.Errorf("no answer: %w", err)
	}
	return strings.TrimRight(string(line), "\r\n"), nil
}

// maxLines bounds an answer of several lines.
const maxLines = 100

// Code reads an answer of FTP or SMTP: a number of three digits and a text,
// whose lines but the last have a hyphen after the number. The text holds all
// lines. It is an error when the peer speaks otherwise.
//
// Source: RFC 959, section 4.2; RFC 5321, section 4.2.
func (c *Conn) Code() (code int, text string, err error) {
	var lines []string
	for len(lines) < maxLines {
		line, err := c.Line()
		if err != nil {
			return 0, "", err
		}
		lines = append(lines, line)
		code, last, ok := codeOf(line)
		switch {
		case ok && last:
			return code, strings.Join(lines, "\n"), nil
		case !ok && len(lines) == 1:
			return 0, "", fmt.Errorf("unexpected answer %.80q", line)
		}
	}
	return 0, "", fmt.Errorf("the answer has more than %d lines", maxLines)
}

// codeOf reads the number that a line begins with; last is false when more
// lines follow.
func codeOf(line string) (code int, last, ok bool) {
	if len(line) < 3 || len(line) > 3 && line[3] != ' ' && line[3] != '-' {
		return 0, false, false
	}
	code, err := strconv.Atoi(line[:3])
	if err != nil || code < 100 || code > 599 {
		return 0, false, false
	}
	return code, len(line) == 3 || line[3] == ' ', true
}

// Command sends a line and reads the answer as Code does.
func (c *Conn) Command(line string) (code int, text string, err error) {
	if err := c.Say(line); err != nil {
		return 0, "", err
	}
	return c.Code()
}

// FirstLine returns the first line of b, printable and at most 200 bytes of it.
func FirstLine(b []byte) string {
	s, _, _ := strings.Cut(string(b[:min(len(b), 200)]), "\n")
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r == 0xfffd {
			return '.'
		}
		return r
	}, strings.TrimRight(s, "\r"))
}

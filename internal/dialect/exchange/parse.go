package exchange

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// Header is a header line.
type Header struct{ Name, Value string }

// Exchange is a request and the reply that it must get.
type Exchange struct {
	Line    int // of the request in its file
	Method  string
	Path    string
	Within  time.Duration // how long the reply may take to become as written
	Headers []Header
	Body    string

	Status       int
	ReplyHeaders []Header
	ReplyBody    string
}

var (
	section = regexp.MustCompile(`^-- (.+) --$`)
	request = regexp.MustCompile(`^([A-Z]+) (\S+)(?: within (\S+))?$`)
	header  = regexp.MustCompile(`^([A-Za-z][A-Za-z0-9_-]*): (.*)$`)
)

// Parse reads a file's exchanges. It answers an error with the line for a file
// that is malformed.
func Parse(text string) ([]Exchange, error) {
	lines := strings.Split(text, "\n")
	var out []Exchange
	for i := 0; i < len(lines); i++ {
		m := section.FindStringSubmatch(lines[i])
		if m == nil {
			continue
		}
		headers, body, next := content(lines, i+1)
		if q := request.FindStringSubmatch(m[1]); q != nil {
			e := Exchange{Line: i + 1, Method: q[1], Path: q[2], Headers: headers, Body: strings.Join(body, "\r\n")}
			if !literal(body, lines, i+1) {
				e.Body = join(body)
			}
			if q[3] != "" {
				d, err := time.ParseDuration(q[3])
				if err != nil {
					return nil, fmt.Errorf("line %d: %w", i+1, err)
				}
				e.Within = d
			}
			out = append(out, e)
		} else {
			status, err := strconv.Atoi(m[1])
			if err != nil || len(out) == 0 || out[len(out)-1].Status != 0 {
				return nil, fmt.Errorf("line %d: %q is neither a request nor the reply to one", i+1, m[1])
			}
			e := &out[len(out)-1]
			e.Status, e.ReplyHeaders, e.ReplyBody = status, headers, strings.Join(body, "\n")
			if !literal(body, lines, i+1) {
				e.ReplyBody = join(body)
			}
		}
		i = next - 1
	}
	for _, e := range out {
		if e.Status == 0 {
			return nil, fmt.Errorf("line %d: a request without a reply", e.Line)
		}
	}
	return out, nil
}

// content reads the header lines and the body of a section, and where it ends.
func content(lines []string, from int) (headers []Header, body []string, next int) {
	i := from
	for ; i < len(lines); i++ {
		m := header.FindStringSubmatch(lines[i])
		if m == nil {
			break
		}
		headers = append(headers, Header{m[1], m[2]})
	}
	if i < len(lines) && lines[i] == "" && len(headers) > 0 {
		i++
	}
	for ; i < len(lines) && lines[i] != "" && !section.MatchString(lines[i]); i++ {
		body = append(body, strings.TrimPrefix(lines[i], "|"))
	}
	return headers, body, i
}

// literal reports whether a section's body was written with "|".
func literal(body, lines []string, from int) bool {
	if len(body) == 0 {
		return false
	}
	for _, line := range lines[from:] {
		if strings.HasPrefix(line, "|") {
			return true
		}
		if section.MatchString(line) {
			return false
		}
	}
	return false
}

// join makes one line of an indented JSON body, and leaves others alone.
func join(body []string) string {
	if len(body) > 1 && strings.ContainsAny(body[0][:min(1, len(body[0]))], "{[") {
		for i := range body {
			body[i] = strings.TrimSpace(body[i])
		}
		return strings.Join(body, "")
	}
	return strings.Join(body, "\n")
}

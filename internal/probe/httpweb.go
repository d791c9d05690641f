package probe

import (
	"bytes"
	"compress/gzip"
	"compress/zlib"
	"context"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/webtech"
)

// bounds of what is asked of one web server.
const (
	webAnswers  = 6  // time of how many answers all questions together may take
	webRequests = 24 // without those of templates
	webFailures = 2  // requests without an answer, after which no more is asked
	maxWebReply = webtech.MaxBody + 32<<10
)

// web asks one web server, over one connection for as long as the server lets
// it live. What was asked once is not asked again.
type web struct {
	x        *talk
	wire     *wire // nil: none is open
	replies  map[string]httpReply
	left     int
	failures int
	look     *webtech.Look
	told     []harrier.Technology // by templates
}

func newWeb(x *talk) *web {
	return &web{x: x, replies: map[string]httpReply{}, left: webRequests, look: webtech.Own().Look()}
}

func (h *web) close() {
	if h.wire != nil {
		h.wire.Close()
		h.wire = nil
	}
}

// keep notes the reply to a request for a path.
func (h *web) keep(path string, r httpReply) { h.replies[path] = r }

// get asks for a path, once.
func (h *web) get(ctx context.Context, path string) (httpReply, bool) {
	if r, known := h.replies[path]; known {
		return r, r.status != 0
	}
	r, ok := h.do(ctx, "GET", path, "")
	h.replies[path] = r
	return r, ok
}

// do sends a request with further header lines.
func (h *web) do(ctx context.Context, method, path, lines string) (httpReply, bool) {
	if h.left <= 0 || h.failures >= webFailures || ctx.Err() != nil {
		return httpReply{}, false
	}
	h.left--
	request := httpRequestWith(h.x.Target, method, path, lines)
	again := h.wire != nil
	b := h.exchange(ctx, request)
	if len(b) == 0 && again { // the server had closed the connection meanwhile
		b = h.exchange(ctx, request)
	}
	r, ok := parseHTTP(b)
	if !ok {
		h.failures++
	}
	return r, ok
}

// exchange sends a request and returns the bytes of its answer. The connection
// stays open if the answer has an end that can be seen.
func (h *web) exchange(ctx context.Context, request []byte) []byte {
	if h.wire == nil {
		w, err := h.x.open(ctx)
		if err != nil {
			return nil
		}
		h.wire = w
	}
	if h.wire.send(request) != nil {
		h.close()
		return nil
	}
	b, complete := h.wire.readReply()
	if head, body, found := bytes.Cut(b, []byte("\r\n\r\n")); !complete || !found || !reusable(head, body) {
		h.close()
	}
	return b
}

// readReply reads an answer of HTTP, and reports whether it came to its end.
func (w *wire) readReply() ([]byte, bool) {
	end := time.Now().Add(w.limit)
	var got []byte
	chunk := make([]byte, 16<<10)
	for len(got) < maxWebReply {
		until := end
		if len(got) > 0 {
			until = earlier(end, time.Now().Add(4*w.quiet))
		}
		if w.SetReadDeadline(until) != nil || w.ended.Load() {
			return got, false
		}
		n, err := w.Read(chunk)
		got = append(got, chunk[:n]...)
		if n > 0 && httpDone(got) {
			return got, true
		}
		if err != nil {
			return got, false
		}
	}
	return got, false
}

// reusable reports whether another request may follow over the connection that
// brought an answer.
func reusable(head, body []byte) bool {
	h := parseHTTPHead(head)
	if !strings.HasPrefix(h.line, "HTTP/1.1") || strings.Contains(strings.ToLower(h.all("Connection")), "close") {
		return false
	}
	n, err := strconv.Atoi(h.get("Content-Length"))
	return err != nil || n == len(body)
}

// inflate undoes a content encoding that was not asked for, as far as
// webtech.MaxBody; a body that is not what it claims to be stays as it is.
func inflate(encoding string, body []byte) []byte {
	var r io.Reader
	var err error
	switch strings.ToLower(encoding) {
	case "gzip", "x-gzip":
		r, err = gzip.NewReader(bytes.NewReader(body))
	case "deflate":
		r, err = zlib.NewReader(bytes.NewReader(body))
	default:
		return body
	}
	if err != nil {
		return body
	}
	plain, _ := io.ReadAll(io.LimitReader(r, webtech.MaxBody)) // a cut end is no fault
	return plain
}

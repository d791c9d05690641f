package securitycenter

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"strconv"
	"strings"

	"github.com/harrier-scan/harrier/internal/dialect/kit"
)

// envelope holds every JSON answer.
//
// Source: section 1.1.
type envelope struct {
	Type      string    `json:"type"` // always "regular"
	Response  any       `json:"response"`
	ErrorCode int       `json:"error_code"`
	ErrorMsg  string    `json:"error_msg"`
	Warnings  []warning `json:"warnings"`
	Timestamp int64     `json:"timestamp"`
}

// warning is a remark that is no failure.
type warning struct {
	Code    string `json:"code"`
	Warning string `json:"warning"`
}

// remarked is an answer with more to say than its payload: that a side effect
// failed, say a mail that could not be sent.
type remarked struct {
	response any
	message  string
	warnings []warning
}

// bare is an answer that is JSON without the envelope.
type bare struct{ value any }

// write tells the client what a handler returned: nil is the payload "", a
// kit.File is streamed, a remarked and a bare as they say, and anything else is
// the payload.
func (m *router) write(w http.ResponseWriter, r *http.Request, v any) {
	e := envelope{Response: v}
	switch v := v.(type) {
	case nil:
		e.Response = ""
	case kit.File:
		m.stream(w, r, v)
		return
	case bare:
		body, err := kit.Marshal(v.value)
		if err != nil {
			m.failed(w, r, err)
			return
		}
		writeJSON(w, r, http.StatusOK, body)
		return
	case remarked:
		e.Response, e.ErrorMsg, e.Warnings = v.response, line(v.message), v.warnings
		if v.response == nil {
			e.Response = ""
		}
	}
	m.a.envelope(w, r, http.StatusOK, e)
}

// envelope writes e.
func (a api) envelope(w http.ResponseWriter, r *http.Request, status int, e envelope) {
	e.Type, e.Timestamp, e.Warnings = "regular", a.Now().Unix(), orEmpty(e.Warnings)
	body, err := kit.Marshal(e)
	if err != nil {
		a.Log.ErrorContext(r.Context(), "answer can not be encoded", "path", r.URL.Path, "err", err)
		e = envelope{Type: e.Type, Response: "", ErrorCode: codeInternal, ErrorMsg: line(textInternal), Warnings: []warning{}, Timestamp: e.Timestamp}
		status = http.StatusInternalServerError
		if body, err = kit.Marshal(e); err != nil { // texts always encode
			return
		}
	}
	writeJSON(w, r, status, body)
}

// worthwhile is the size of a body from which on it is compressed, in bytes.
const worthwhile = 1 << 10

// writeJSON writes a body, compressed where the client can take that.
func writeJSON(w http.ResponseWriter, r *http.Request, status int, body []byte) {
	w.Header().Add("Vary", "Accept-Encoding")
	if len(body) >= worthwhile && takesGzip(r.Header.Get("Accept-Encoding")) {
		var b bytes.Buffer
		z, err := gzip.NewWriterLevel(&b, gzip.BestSpeed)
		if err == nil {
			_, _ = z.Write(body) // into memory: can not fail
			_ = z.Close()
			w.Header().Set("Content-Encoding", "gzip")
			body = b.Bytes()
		}
	}
	kit.WriteJSON(w, status, body)
}

// takesGzip reports whether a client that sends this header understands gzip.
func takesGzip(accept string) bool {
	for part := range strings.SplitSeq(accept, ",") {
		name, quality, _ := strings.Cut(part, ";")
		if name = strings.TrimSpace(name); !strings.EqualFold(name, "gzip") && name != "*" {
			continue
		}
		q, given := strings.CutPrefix(strings.ReplaceAll(quality, " ", ""), "q=")
		if f, err := strconv.ParseFloat(q, 64); !given || err == nil && f > 0 {
			return true
		}
	}
	return false
}

// stream writes a file.
func (m *router) stream(w http.ResponseWriter, r *http.Request, f kit.File) {
	defer func() { _ = f.Body.Close() }() // it was only read
	h := w.Header()
	if h.Set("Content-Type", "application/octet-stream"); f.Type != "" {
		h.Set("Content-Type", f.Type)
	}
	if f.Name != "" {
		h.Set("Content-Disposition", "attachment; filename="+f.Name)
	}
	if f.Size >= 0 {
		h.Set("Content-Length", strconv.FormatInt(f.Size, 10))
	}
	if r.Method == http.MethodHead {
		return
	}
	if _, err := io.Copy(w, f.Body); err != nil {
		if r.Context().Err() == nil {
			m.a.Log.WarnContext(r.Context(), "download broke off", "path", r.URL.Path, "err", err)
		}
		panic(http.ErrAbortHandler) // the client must not take half a file for a whole one
	}
}

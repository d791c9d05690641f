package kit

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"mime"
	"net/http"
	"reflect"
	"strconv"

	"github.com/harrier-scan/harrier"
)

// MaxBody is how long a request body may be where a Wire says nothing else.
const MaxBody = 16 << 20

// Wire is how a door speaks: who asks, and how a failure is told.
type Wire struct {
	// Authenticate says who asks; its error is told as it is. Nil means that
	// nobody has to sign in, and handlers get the zero actor.
	Authenticate func(*http.Request) (harrier.Actor, error)
	// Fail tells the client of an error.
	Fail    func(http.ResponseWriter, *http.Request, error)
	Log     *slog.Logger
	MaxBody int64 // bytes; 0 means MaxBody
}

// Public returns w without authentication.
func (w Wire) Public() Wire {
	w.Authenticate = nil
	return w
}

// Empty is the answer of a call that has nothing to say: status 200 and a body
// of no bytes.
type Empty struct{}

// File is an answer that is streamed. The kit closes Body.
type File struct {
	Name string // for the Content-Disposition; "" sends none
	Type string // Content-Type; "" is application/octet-stream
	Size int64  // bytes; below zero when it is not known
	Body io.ReadCloser
}

// Handle makes a route of f. It fills a Q from the request by its tags (see
// planOf), asks who calls, and writes what f returns: an Empty or a File as
// they say, anything else as compact JSON with status 200.
func Handle[Q, A any](w Wire, f func(context.Context, harrier.Actor, Q) (A, error)) http.Handler {
	p := planOf(reflect.TypeFor[Q]())
	limit := w.MaxBody
	if limit == 0 {
		limit = MaxBody
	}
	return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		answer, err := call(w, p, limit, r, f)
		if err != nil {
			w.failed(rw, r, err)
			return
		}
		w.write(rw, r, answer)
	})
}

func call[Q, A any](w Wire, p plan, limit int64, r *http.Request, f func(context.Context, harrier.Actor, Q) (A, error)) (any, error) {
	var by harrier.Actor
	if w.Authenticate != nil {
		var err error
		if by, err = w.Authenticate(r); err != nil {
			return nil, err
		}
	}
	var q Q
	if err := p.fill(r, reflect.ValueOf(&q).Elem(), limit); err != nil {
		return nil, err
	}
	return f(r.Context(), by, q)
}

// failed logs what an operator should know of and tells the client.
func (w Wire) failed(rw http.ResponseWriter, r *http.Request, err error) {
	switch kind := harrier.KindOf(err); {
	case r.Context().Err() != nil: // the client has gone: nobody reads the answer
	case kind == harrier.Internal || kind == harrier.Unavailable:
		w.Log.ErrorContext(r.Context(), "request failed", "method", r.Method, "path", r.URL.Path, "err", err)
	}
	w.Fail(rw, r, err)
}

func (w Wire) write(rw http.ResponseWriter, r *http.Request, answer any) {
	switch a := answer.(type) {
	case Empty:
		rw.Header().Set("Content-Length", "0")
		rw.WriteHeader(http.StatusOK)
		return
	case File:
		w.stream(rw, r, a)
		return
	}
	body, err := Marshal(answer)
	if err != nil {
		w.failed(rw, r, fmt.Errorf("encode answer: %w", err))
		return
	}
	WriteJSON(rw, http.StatusOK, body)
}

func (w Wire) stream(rw http.ResponseWriter, r *http.Request, f File) {
	defer func() { _ = f.Body.Close() }() // it was only read
	h := rw.Header()
	if h.Set("Content-Type", "application/octet-stream"); f.Type != "" {
		h.Set("Content-Type", f.Type)
	}
	if f.Name != "" {
		h.Set("Content-Disposition", `attachment; filename="`+f.Name+`"`)
	}
	if f.Size >= 0 {
		h.Set("Content-Length", strconv.FormatInt(f.Size, 10))
	}
	if r.Method == http.MethodHead {
		return
	}
	if _, err := io.Copy(rw, f.Body); err != nil {
		if r.Context().Err() == nil {
			w.Log.WarnContext(r.Context(), "download broke off", "path", r.URL.Path, "err", err)
		}
		panic(http.ErrAbortHandler) // the client must not take half a file for a whole one
	}
}

// Marshal encodes v as compact JSON, without HTML escapes and without a line
// break at the end.
func Marshal(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

// WriteJSON answers with a JSON body. The Content-Type carries no parameter:
// JSON has none, and clients compare the header for equality.
func WriteJSON(rw http.ResponseWriter, status int, body []byte) {
	rw.Header().Set("Content-Type", "application/json")
	rw.Header().Set("Content-Length", strconv.Itoa(len(body)))
	rw.WriteHeader(status)
	_, _ = rw.Write(body) // a client that has gone gets nothing
}

// TypeByExtension is the Content-Type of a download by its file name, never
// JSON: clients would read it instead of keeping it.
func TypeByExtension(ext string) string {
	if t := mime.TypeByExtension(ext); t != "" && ext != ".json" {
		return t
	}
	return "application/octet-stream"
}

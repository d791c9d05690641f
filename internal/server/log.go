package server

import (
	"log/slog"
	"net/http"
	"strings"
	"time"
)

// logged writes a line for each request: its path without what may be a token,
// never its query, which can hold one too.
func logged(log *slog.Logger, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		start := time.Now()
		rec := &recorder{ResponseWriter: w, status: http.StatusOK}
		next.ServeHTTP(rec, r)
		log.DebugContext(r.Context(), "request", "method", r.Method, "path", shown(r.URL.Path), "status", rec.status,
			"size", rec.size, "took", time.Since(start), "from", r.RemoteAddr)
	})
}

// tokenSize is how long a part of a path is at least that may be a token: whoever
// reads the log must not be able to fetch files with what stands there. Names and
// UUIDs are shorter or have dashes.
const tokenSize = 40

// shown is a path with its tokens cut.
func shown(path string) string {
	parts := strings.Split(path, "/")
	for i, p := range parts {
		if len(p) >= tokenSize && !strings.Contains(p, "-") {
			parts[i] = p[:6] + "…"
		}
	}
	return strings.Join(parts, "/")
}

// recorder notes status and size of an answer.
type recorder struct {
	http.ResponseWriter
	status int
	size   int64
}

// WriteHeader notes the status.
func (r *recorder) WriteHeader(status int) {
	r.status = status
	r.ResponseWriter.WriteHeader(status)
}

// Write counts bytes.
func (r *recorder) Write(b []byte) (int, error) {
	n, err := r.ResponseWriter.Write(b)
	r.size += int64(n)
	return n, err
}

// Unwrap lets http.ResponseController reach the writer within.
func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }

package server

import (
	"log/slog"
	"net/http"
	"time"
)

// logged writes a line for each request: its path, never its query, which can
// hold a token.
func logged(log *slog.Logger, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		start := time.Now()
		rec := &recorder{ResponseWriter: w, status: http.StatusOK}
		next.ServeHTTP(rec, r)
		log.DebugContext(r.Context(), "request", "method", r.Method, "path", r.URL.Path, "status", rec.status,
			"size", rec.size, "took", time.Since(start), "from", r.RemoteAddr)
	})
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

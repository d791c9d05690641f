package server

import (
	"io"
	"net/http"
	"time"
)

// bodyPatience is how long a client may send nothing of a body that it has
// begun.
const bodyPatience = 30 * time.Second

// patient gives up on a request whose body does not come.
func patient(next http.Handler, patience time.Duration) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Body != nil && r.Body != http.NoBody {
			r.Body = &body{ReadCloser: r.Body, control: http.NewResponseController(w), patience: patience}
		}
		next.ServeHTTP(w, r)
	})
}

// body sets a deadline before each read, and takes it away at the end: it would
// end the whole request.
type body struct {
	io.ReadCloser
	control  *http.ResponseController
	patience time.Duration
}

// Read reads what comes within the patience.
func (b *body) Read(p []byte) (int, error) {
	if err := b.control.SetReadDeadline(time.Now().Add(b.patience)); err != nil {
		return 0, err
	}
	n, err := b.ReadCloser.Read(p)
	if err != nil {
		_ = b.control.SetReadDeadline(time.Time{}) // the connection is gone otherwise
	}
	return n, err
}

// Close ends reading.
func (b *body) Close() error {
	_ = b.control.SetReadDeadline(time.Time{}) // the connection is gone otherwise
	return b.ReadCloser.Close()
}

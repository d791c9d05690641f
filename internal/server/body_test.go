package server

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// TestPatient sends one body that stalls and one that is whole before a slow
// answer: only the first is given up.
func TestPatient(t *testing.T) {
	web := httptest.NewServer(patient(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, err := io.ReadAll(r.Body); err != nil {
			http.Error(w, "stalled", http.StatusRequestTimeout)
			return
		}
		select {
		case <-time.After(300 * time.Millisecond):
			_, _ = io.WriteString(w, "whole")
		case <-r.Context().Done():
		}
	}), 100*time.Millisecond))
	defer web.Close()
	for sent, want := range map[string]string{"12345": "stalled", "1234567890": "whole"} {
		var d net.Dialer
		c, err := d.DialContext(context.Background(), "tcp", web.Listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		if _, err := io.WriteString(c, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\nConnection: close\r\n\r\n"+sent); err != nil {
			t.Fatal(err)
		}
		res, err := http.ReadResponse(bufio.NewReader(c), nil)
		if err != nil {
			t.Fatalf("%d of 10 bytes sent: %v", len(sent), err)
		}
		b, err := io.ReadAll(res.Body)
		if err != nil || !strings.Contains(string(b), want) {
			t.Errorf("%d of 10 bytes sent: %q, %v; want %q", len(sent), b, err, want)
		}
		_ = res.Body.Close() // it is read
	}
}

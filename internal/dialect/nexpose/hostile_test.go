package nexpose_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"runtime/debug"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/harrier-scan/harrier/internal/dialect/exchange"
	"github.com/harrier-scan/harrier/internal/dialect/nexpose"
)

// endless is a body of any length that is nowhere in memory: a beginning, and
// then the same again and again. It notes the largest heap while it is read.
type endless struct {
	head, again string
	left        int
	peak        *atomic.Uint64
	since       int
}

func (e *endless) Read(p []byte) (int, error) {
	if e.left == 0 {
		return 0, io.EOF
	}
	text := e.head
	if text == "" {
		text = e.again
	}
	n := copy(p[:min(len(p), e.left)], text)
	e.head = strings.TrimPrefix(e.head, text[:n])
	if e.left -= n; e.since > 8<<20 {
		note(e.peak)
		e.since = 0
	}
	e.since += n
	return n, nil
}

func (*endless) Close() error { return nil }

func note(peak *atomic.Uint64) {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	for old := peak.Load(); m.HeapInuse > old && !peak.CompareAndSwap(old, m.HeapInuse); old = peak.Load() {
	}
}

// flat is how much more heap a hostile request may take than there was, in
// bytes: the largest request that is read is 32 MiB, and it grows by copying.
const flat = 192 << 20

// TestHostile sends what is to exhaust the reader. Each gets the failure of its
// version, and the heap stays flat while it is read.
func TestHostile(t *testing.T) {
	if raced {
		t.Skip("takes minutes under the race detector; make test runs it without")
	}
	c := exchange.Start(t, nexpose.New)
	door := nexpose.New(c.Rooms)
	laughs := "<!DOCTYPE l [<!ENTITY a \"ha\">"
	for i := byte('b'); i <= 'z'; i++ {
		laughs += "<!ENTITY " + string(i) + " \"" + strings.Repeat("&"+string(i-1)+";", 10) + "\">"
	}
	for name, body := range map[string]endless{
		"billion laughs":                 {head: laughs + "]><l>&z;</l>", left: len(laughs) + len("]><l>&z;</l>")},
		"external":                       {head: `<!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>`, left: 44},
		"parameter":                      {head: `<!DOCTYPE a [<!ENTITY % x SYSTEM "http://192.0.2.1/x">%x;]><a/>`, left: 63},
		"undeclared":                     {head: `<LoginRequest user-id="&lol;"/>`, left: 31},
		"10000 deep":                     {again: "<a>", left: 30_000},
		"100 MB of text":                 {head: "<a>", again: strings.Repeat("x", 4096), left: 100 << 20},
		"100 MB deep":                    {again: "<a>", left: 100 << 20},
		"30 MB deep":                     {again: "<a>", left: 30 << 20},
		"30 MB of empty":                 {head: "<a>", again: "<b/>", left: 30 << 20},
		"30 MB of names":                 {head: "<a ", again: strings.Repeat("x", 4096), left: 30 << 20},
		"30 MB of attrs after a comment": {head: "<!-- <a ' --><a", again: ` b=""`, left: 30 << 20},
		"30 MB of attrs":                 {head: "<a", again: ` b=""`, left: 30 << 20},
	} {
		for version, want := range map[string]string{"1.1": `<XMLResponse success="0"><Failure><message>`, "1.2": `<Failure success="0"><Exception><Message>`} {
			runtime.GC()
			debug.FreeOSMemory()
			var before, peak atomic.Uint64
			note(&before)
			body.peak = &peak
			sent := body
			r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/api/"+version+"/xml", nil)
			r.Body = &sent
			w := httptest.NewRecorder()
			door.ServeHTTP(w, r)
			note(&peak)
			if text := w.Body.String(); w.Code != http.StatusOK || !strings.HasPrefix(text, want) || len(text) > 500 {
				t.Errorf("%s: %d, %.200s; want %s", name, w.Code, text, want)
			}
			if used := int64(peak.Load()) - int64(before.Load()); used > flat { //nolint:gosec // bytes of a heap
				t.Errorf("%s on %s: the heap grew by %d MiB; want at most %d", name, version, used>>20, flat>>20)
			}
		}
	}
}

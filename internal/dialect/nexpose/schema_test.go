package nexpose_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/harrier-scan/harrier/internal/dialect/kit"
	"github.com/harrier-scan/harrier/internal/dialect/nexpose"
	"github.com/harrier-scan/harrier/internal/needs"
)

// schemas are the documents that what goes over the wire is held against.
const schemas = "../../../docs/schemas/"

// recorded is the door with a look at everything that goes through it: when the
// test ends, each answer must fit the schema of its version, and each request
// that was taken the schema of requests.
func recorded(t *testing.T) func(kit.Rooms) http.Handler {
	t.Helper()
	r := &record{t: t, xmllint: needs.Binary(t, "xmllint", "libxml2-utils"), dir: t.TempDir(), kept: map[string]int{}}
	t.Cleanup(r.check)
	return func(rooms kit.Rooms) http.Handler {
		door := nexpose.New(rooms)
		return http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
			version, ours := strings.CutSuffix(strings.TrimPrefix(q.URL.Path, "/api/"), "/xml")
			if !ours || q.Method != http.MethodPost {
				door.ServeHTTP(w, q)
				return
			}
			body, err := io.ReadAll(q.Body)
			if err != nil {
				t.Errorf("read the request: %v", err)
			}
			q.Body = io.NopCloser(bytes.NewReader(body))
			answer := httptest.NewRecorder()
			door.ServeHTTP(answer, q)
			r.keep(version, body, answer.Body.Bytes())
			for name, values := range answer.Header() {
				w.Header()[name] = values
			}
			w.WriteHeader(answer.Code)
			_, _ = w.Write(answer.Body.Bytes())
		})
	}
}

// record is what went through a door, as files by schema.
type record struct {
	t            *testing.T
	xmllint, dir string
	mu           sync.Mutex
	kept         map[string]int // how many, by schema
}

// foreign are marks of requests that are taken though no schema has them: what
// is unknown, and the spellings of clients.
var foreign = []string{"unheard-of", "synch-id", "<?xml version=\"1.0\" encoding=\"latin"}

func (r *record) keep(version string, request, answer []byte) {
	if bytes.HasPrefix(answer, []byte("--")) { // a report comes with it
		_, rest, _ := bytes.Cut(answer, []byte("\r\n\r\n"))
		answer, _, _ = bytes.Cut(rest, []byte("\r\n--"))
	}
	r.put("nexpose-"+version+".xsd", answer)
	for _, mark := range foreign {
		if bytes.Contains(request, []byte(mark)) {
			return
		}
	}
	if bytes.Contains(answer[:min(len(answer), 200)], []byte(` success="1"`)) {
		r.put("nexpose-requests.xsd", request)
	}
}

func (r *record) put(schema string, text []byte) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.kept[schema]++
	folder := filepath.Join(r.dir, schema)
	if err := os.MkdirAll(folder, 0o700); err != nil {
		r.t.Error(err)
	}
	if err := os.WriteFile(filepath.Join(folder, fmt.Sprintf("%05d.xml", r.kept[schema])), text, 0o600); err != nil {
		r.t.Error(err)
	}
}

func (r *record) check() {
	for schema := range r.kept {
		files, err := filepath.Glob(filepath.Join(r.dir, schema, "*.xml"))
		if err != nil {
			r.t.Fatal(err)
		}
		for len(files) > 0 {
			some := files[:min(len(files), 500)]
			files = files[len(some):]
			args := append([]string{"--nonet", "--noout", "--schema", schemas + schema}, some...)
			if said, err := exec.CommandContext(context.Background(), r.xmllint, args...).CombinedOutput(); err != nil {
				r.t.Errorf("%s: %v\n%s", schema, err, r.faults(string(said)))
			}
		}
	}
}

// faults are the lines of xmllint that tell of one, with what it read.
func (r *record) faults(said string) string {
	var b strings.Builder
	for line := range strings.SplitSeq(said, "\n") {
		if line == "" || strings.HasSuffix(line, " validates") {
			continue
		}
		b.WriteString(line + "\n")
		if name, fails := strings.CutSuffix(line, " fails to validate"); fails {
			text, _ := os.ReadFile(name)
			fmt.Fprintf(&b, "\t%.1500s\n", text)
		}
	}
	return b.String()
}

// TestSchema: the schemas tell right from wrong.
func TestSchema(t *testing.T) {
	xmllint := needs.Binary(t, "xmllint", "libxml2-utils")
	for _, tt := range []struct {
		schema, text string
		fits         bool
	}{
		{"nexpose-1.1.xsd", `<SiteSaveResponse success="1" site-id="3"/>`, true},
		{"nexpose-1.1.xsd", `<SiteSaveResponse success="1" sync-id="1" site-id="3"/>`, false},
		{"nexpose-1.2.xsd", `<SiteSaveResponse success="1" sync-id="1" site-id="3"/>`, true},
		{"nexpose-1.2.xsd", `<SiteSaveResponse success="1"/>`, false},
		{"nexpose-1.1.xsd", `<SiteSaveResponse success="0"><Failure><message>no</message></Failure></SiteSaveResponse>`, true},
		{"nexpose-1.2.xsd", `<SiteSaveResponse success="0"><Failure><message>no</message></Failure></SiteSaveResponse>`, false},
		{"nexpose-1.2.xsd", `<Failure success="0"><Exception><Message>no</Message><Stacktrace/></Exception></Failure>`, true},
		{"nexpose-1.1.xsd", `<SiteListingResponse success="1"><SiteSummary id="" name="x" description="" riskfactor="1.0" riskscore="0.0"/></SiteListingResponse>`, false},
		{"nexpose-requests.xsd", `<SiteScanRequest session-id="x" site-id=""/>`, true},
		{"nexpose-requests.xsd", `<SiteScanRequest site-id="1"/>`, false},
		{"nexpose-requests.xsd", `<SiteScanRequest session-id="x" site-id="one"/>`, false},
	} {
		cmd := exec.CommandContext(t.Context(), xmllint, "--nonet", "--noout", "--schema", schemas+tt.schema, "-")
		cmd.Stdin = strings.NewReader(tt.text)
		if said, err := cmd.CombinedOutput(); (err == nil) != tt.fits {
			t.Errorf("%s: %s: %v; want it to fit: %v\n%s", tt.schema, tt.text, err, tt.fits, said)
		}
	}
}

package nessus

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"io"
	"strings"
	"sync"
	"time"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/dialect/kit"
)

// byToken names a file by the token that is the right to fetch it.
type byToken struct {
	Token string `from:"path token"`
}

// tokenStatus is the answer of GET /tokens/{token}/status.
type tokenStatus struct {
	Status  string `json:"status"`
	Message string `json:"message,omitempty"`
}

func (a api) getTokenStatus(ctx context.Context, _ harrier.Actor, q byToken) (tokenStatus, error) {
	if _, ok := a.prepared.get(q.Token); ok {
		return tokenStatus{Status: "ready"}, nil
	}
	rep, err := a.Reports.ByToken(ctx, q.Token)
	return tokenStatus{reportWord(rep.Status), rep.Error}, err
}

func (a api) getTokenFile(ctx context.Context, _ harrier.Actor, q byToken) (kit.File, error) {
	if f, ok := a.prepared.get(q.Token); ok {
		return f.file(), nil
	}
	rep, err := a.Reports.ByToken(ctx, q.Token)
	if err != nil {
		return kit.File{}, err
	}
	return a.download(ctx, rep)
}

// prepared holds small files that were made for a later download: a restart
// loses them, and asking again makes them anew.
type prepared struct {
	now   func() time.Time
	mu    sync.Mutex
	files map[string]preparedFile
}

// preparedFile is one of them.
type preparedFile struct {
	name, body string
	until      time.Time
}

func (f preparedFile) file() kit.File {
	return kit.File{Name: f.name, Size: int64(len(f.body)), Body: io.NopCloser(strings.NewReader(f.body))}
}

// How long prepared files are kept, and how many at most: the oldest gives way.
const (
	preparedFor = time.Hour
	maxPrepared = 256
)

// put keeps a file and returns its token.
func (p *prepared) put(name, body string) string {
	var b [32]byte
	_, _ = rand.Read(b[:]) // never fails: crypto/rand aborts the program instead
	token := hex.EncodeToString(b[:])
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.now()
	oldest := ""
	for t, f := range p.files {
		if now.After(f.until) {
			delete(p.files, t)
		} else if oldest == "" || f.until.Before(p.files[oldest].until) {
			oldest = t
		}
	}
	if len(p.files) >= maxPrepared {
		delete(p.files, oldest)
	}
	p.files[token] = preparedFile{name, body, now.Add(preparedFor)}
	return token
}

func (p *prepared) get(token string) (preparedFile, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	f, ok := p.files[token]
	return f, ok && !p.now().After(f.until)
}

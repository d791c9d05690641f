package console

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/content"
	"github.com/harrier-scan/harrier/internal/content/pack"
	"github.com/harrier-scan/harrier/internal/feed"
	"github.com/harrier-scan/harrier/internal/finding"
	"github.com/harrier-scan/harrier/internal/match"
	"github.com/harrier-scan/harrier/internal/product"
	"github.com/harrier-scan/harrier/internal/vuln"
)

// knowledge is the content in force. It can be exchanged while it is asked:
// whoever asks meanwhile gets the answer of one or the other.
type knowledge struct {
	mu   sync.RWMutex
	base *content.Base
}

func newKnowledge() *knowledge { return &knowledge{base: content.Builtin()} }

// exchange puts base in the place of what was in force, which is closed when
// nobody asks it any more.
func (k *knowledge) exchange(base *content.Base) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	old := k.base
	k.base = base
	if old == content.Builtin() {
		return nil
	}
	return old.Close()
}

// install puts the content of a data folder in force; without any, what is built
// into the program stays.
func (k *knowledge) install(data string) error {
	p, err := pack.In(data).Load()
	switch {
	case err == nil:
		return k.open(p)
	case harrier.KindOf(err) != harrier.NotFound:
		return err
	}
	return nil
}

// need is install for a folder that has to have content: it answers NotFound for
// one that has none.
func (k *knowledge) need(data string) error {
	p, err := loadContent(data)
	if err != nil {
		return err
	}
	return k.open(p)
}

func (k *knowledge) open(p pack.Content) error {
	base, err := content.Open(p.Base)
	if err != nil {
		return err
	}
	return k.exchange(base)
}

// loadContent verifies the content in force in a data folder.
func loadContent(data string) (pack.Content, error) {
	p, err := pack.In(data).Load()
	if harrier.KindOf(err) == harrier.NotFound && err != nil {
		return p, harrier.Errorf(harrier.NotFound, "there is no content in %s: harrier feed update fetches some", data)
	}
	return p, err
}

// Close gives the file of installed content back.
func (k *knowledge) Close() error { return k.exchange(content.Builtin()) }

// ask is a question to what is in force, during which that stays open.
func ask[T any](k *knowledge, question func(b *content.Base) T) T {
	k.mu.RLock()
	defer k.mu.RUnlock()
	return question(k.base)
}

func (k *knowledge) Statements(key string) (list []harrier.Statement, err error) {
	k.mu.RLock()
	defer k.mu.RUnlock()
	return k.base.Statements(key)
}

func (k *knowledge) Vulnerability(id harrier.VulnID) (v harrier.Vulnerability, found bool, err error) {
	k.mu.RLock()
	defer k.mu.RUnlock()
	return k.base.Vulnerability(id)
}

func (k *knowledge) Number(name string) (harrier.VulnID, bool, error) {
	k.mu.RLock()
	defer k.mu.RUnlock()
	return k.base.Number(name)
}

func (k *knowledge) Records(id harrier.VulnID) ([]harrier.Record, error) {
	k.mu.RLock()
	defer k.mu.RUnlock()
	return k.base.Records(id)
}

func (k *knowledge) Family(name string, offset, limit int) ([]harrier.Light, error) {
	k.mu.RLock()
	defer k.mu.RUnlock()
	return k.base.Family(name, offset, limit)
}

func (k *knowledge) Class(source string) feed.Class {
	return ask(k, func(b *content.Base) feed.Class { return b.Class(source) })
}

func (k *knowledge) Version() string { return ask(k, (*content.Base).Version) }

func (k *knowledge) Families() []harrier.Family { return ask(k, (*content.Base).Families) }

// newJudge compares with k. Families are numbered by vulns.
func newJudge(k *knowledge) *match.Judge {
	return match.NewJudge(match.New(k), vuln.CheckOf)
}

// matched is the name of the stored value that says with which content the
// stored software was compared last, and by which program: another one may ask
// other questions about the same software.
const matched = "content.matched"

func matchedWith(content string) string { return content + " by " + Version + " " + product.Edition() }

// use puts installed content in force. What is stored is compared with it soon.
func (c *core) use(ctx context.Context, p pack.Content) error {
	base, err := content.Open(p.Base)
	if err != nil {
		return err
	}
	// A host that is folded meanwhile is judged by one content as a whole.
	if err := c.rooms.Findings.Still(func() error { return c.knowledge.exchange(base) }); err != nil {
		c.log.WarnContext(ctx, "content that was in force could not be closed", "err", err)
	}
	c.news.Store(&p.Manifest)
	select {
	case c.wake <- struct{}{}:
	default: // it is awake
	}
	return nil
}

// rematchPause is how long is waited after a fault before it is tried again.
const rematchPause = time.Minute

// keepMatched compares what is stored with the content in force, at the start and
// whenever that is other content, until ctx ends.
func (c *core) keepMatched(ctx context.Context) error {
	var again <-chan time.Time
	for {
		err := c.rematch(ctx)
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case err != nil:
			c.log.ErrorContext(ctx, "stored software could not be compared with the content, it is tried again", "err", err)
			again = time.After(rematchPause)
		default:
			again = nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-c.wake:
		case <-again:
		}
	}
}

// rematch compares what is stored with the content in force, unless that was
// done already.
func (c *core) rematch(ctx context.Context) error {
	version := c.knowledge.Version()
	last, _, err := c.db.Value(ctx, matched)
	if err != nil || last == matchedWith(version) {
		return err
	}
	if err := c.rooms.Vulns.Refresh(ctx); err != nil {
		return fmt.Errorf("refresh vulnerabilities: %w", err)
	}
	var keys []string
	if m := c.news.Load(); m != nil && m.Version == version && matchedWith(m.Since) == last {
		keys = m.Changed
	}
	sum, err := c.rooms.Findings.Rematch(ctx, keys)
	if err != nil {
		return err
	}
	c.log.InfoContext(ctx, "stored software compared with content", "version", version, "keys", len(keys), "subjects", sum.Subjects,
		"changed", sum.Changed, "asked", sum.Asked, "assets", sum.Assets, "opened", sum.Opened, "closed", sum.Closed, "took", sum.Took)
	return c.db.SetValue(ctx, matched, matchedWith(version))
}

var _ finding.Judge = (*match.Judge)(nil)

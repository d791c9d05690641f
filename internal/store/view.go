package store

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/columns"
)

// view is the copy of findings and assets in memory that answers questions
// about all of them. It is never needed: where it can not answer, or is not
// there, SQL does.
//
// Every transaction that changes what is copied raises a number in the table
// sequence, and leaves its changes here, in the order of commits. A question
// reads the number first, and waits until the copy has come so far: it sees all
// that was acknowledged, and nothing that was not. A number that no transaction
// of this process stands for is another process's; then the copy is made anew.
type view struct {
	db *DB
	on atomic.Bool // transactions leave their changes

	lock    sync.RWMutex
	columns *columns.View // nil until it is made
	version int64         // of columns

	queue struct {
		sync.Mutex
		list []*commit
		size int // of the changes in it
	}
	most int           // how large the queue, and the changes of one transaction, may grow: mostWaiting, but in tests
	wake chan struct{} // there is something in the queue
	anew chan struct{} // the copy does not fit any more
	// What the bodies of definitions were asked, until one changes.
	bodies struct {
		sync.Mutex
		ids  map[string][]any
		turn int // how often they were forgotten
	}
	answers, passed atomic.Int64
}

func newView(db *DB) *view {
	return &view{db: db, most: mostWaiting, wake: make(chan struct{}, 1), anew: make(chan struct{}, 1)}
}

// mostWaiting is how many changes wait for the copy to be made: some 200 bytes
// each. With more of them the copy is made again from the tables.
const mostWaiting = 400_000

// ViewState tells how the copy in memory does.
type ViewState struct {
	Ready            bool
	Findings, Assets int
	Answers, Passed  int64 // questions that it answered, and that SQL did
}

// ViewState tells how the copy in memory does that KeepView keeps.
func (db *DB) ViewState() ViewState {
	v := db.view
	if v == nil {
		return ViewState{}
	}
	v.lock.RLock()
	defer v.lock.RUnlock()
	out := ViewState{Ready: v.columns != nil, Answers: v.answers.Load(), Passed: v.passed.Load()}
	if out.Ready {
		out.Findings, out.Assets = v.columns.Len()
	}
	return out
}

// commit is a transaction that ends.
type commit struct {
	version int64
	changes changes
	done    chan struct{} // closed when it is known how it ended
	kept    bool
}

// retry is how long to wait before a copy is made again, at least.
const retry = 10 * time.Second

// KeepView keeps a copy of findings and assets in memory that makes sums,
// searches and far pages fast, until ctx ends: it is made in the background,
// and SQL answers until it is there. A private database keeps none.
func (db *DB) KeepView(ctx context.Context, log *slog.Logger) error {
	v := db.view
	if v == nil {
		<-ctx.Done()
		return nil
	}
	defer v.drop()
	for ctx.Err() == nil {
		begin := time.Now()
		err := v.build(ctx)
		took := time.Since(begin)
		switch {
		case ctx.Err() != nil:
			return nil
		case errors.Is(err, columns.ErrTooBig):
			log.WarnContext(ctx, "findings stay out of memory", "err", err)
			<-ctx.Done()
			return nil
		case err != nil:
			log.WarnContext(ctx, "findings could not be read into memory", "err", err)
		default:
			state := db.ViewState()
			log.InfoContext(ctx, "findings are in memory", "findings", state.Findings, "assets", state.Assets, "took", took)
			v.follow(ctx)
		}
		v.drop()
		// Another process that writes all the time must not keep this one busy.
		pause := time.NewTimer(max(retry, 5*took))
		select {
		case <-ctx.Done():
		case <-pause.C:
		}
		pause.Stop()
	}
	return nil
}

// follow applies changes until ctx ends or the copy does not fit any more.
func (v *view) follow(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-v.anew:
			return
		case <-v.wake:
			v.apply()
		}
	}
}

// drop forgets the copy; from then on no changes are left for it.
func (v *view) drop() {
	v.lock.Lock()
	defer v.lock.Unlock()
	v.columns = nil
	v.on.Store(false)
	v.queue.Lock()
	v.queue.list, v.queue.size = nil, 0
	v.queue.Unlock()
	v.forgetBodies(changes{vulns: true})
}

// expect notes that a transaction is about to commit. It is called while no
// other can.
func (v *view) expect(version int64, c changes) *commit {
	e := &commit{version: version, changes: c, done: make(chan struct{})}
	v.queue.Lock()
	defer v.queue.Unlock()
	v.queue.list = append(v.queue.list, e)
	if v.queue.size += e.changes.size(); v.queue.size > v.most {
		for _, e := range v.queue.list {
			e.changes = changes{lost: true}
		}
		v.queue.size = 0
	}
	return e
}

// settle notes how a transaction ended. Of one that failed it is not known
// whether the database has it.
func (v *view) settle(e *commit, kept bool) {
	e.kept = kept
	close(e.done)
	if !kept {
		v.again()
	}
	select {
	case v.wake <- struct{}{}:
	default:
	}
}

// again asks for a new copy.
func (v *view) again() {
	select {
	case v.anew <- struct{}{}:
	default:
	}
}

// next takes the first transaction from the queue when it has ended, or returns
// what to wait for; nil, nil when there is none.
func (v *view) next() (ended, waits *commit) {
	v.queue.Lock()
	defer v.queue.Unlock()
	if len(v.queue.list) == 0 {
		return nil, nil
	}
	e := v.queue.list[0]
	select {
	case <-e.done:
		v.queue.list[0] = nil
		v.queue.list = v.queue.list[1:]
		v.queue.size -= e.changes.size()
		return e, nil
	default:
		return nil, e
	}
}

// apply brings the copy up to date with what has ended, and returns the
// transaction that has not, if there is one.
func (v *view) apply() *commit {
	v.lock.Lock()
	defer v.lock.Unlock()
	for {
		if v.columns == nil {
			return nil
		}
		e, waits := v.next()
		switch {
		case e == nil:
			return waits
		case !e.kept || e.version <= v.version: // older than the copy
		case e.version == v.version+1 && !e.changes.lost && e.changes.apply(v.columns) == nil:
			v.version = e.version
			v.forgetBodies(e.changes)
		default: // another process has written in between, or too much was
			v.columns = nil
			v.again()
		}
	}
}

// read returns the copy as it is now, or later, and its version; nil when SQL
// has to answer. The caller calls release when it has done with it.
func (db *DB) read(ctx context.Context) (c *columns.View, version int64, release func()) {
	v := db.view
	if v == nil || !v.on.Load() || db.tx(ctx) != nil {
		return nil, 0, nil
	}
	now, err := db.version(ctx)
	if err != nil {
		return nil, 0, nil
	}
	for {
		v.lock.RLock()
		if v.columns == nil {
			v.lock.RUnlock()
			return nil, 0, nil
		}
		if v.version >= now {
			return v.columns, v.version, v.lock.RUnlock
		}
		v.lock.RUnlock()
		waits := v.apply()
		v.lock.RLock()
		behind := v.version < now
		v.lock.RUnlock()
		switch {
		case !behind:
		case waits == nil: // another process has written
			v.again()
			return nil, 0, nil
		default:
			select {
			case <-waits.done:
			case <-ctx.Done():
				return nil, 0, nil
			}
		}
	}
}

const dataVersion = "data"

// version returns the number of the last change.
func (db *DB) version(ctx context.Context) (n int64, err error) {
	_, err = db.one(ctx, "SELECT last FROM sequence WHERE name = '"+dataVersion+"'", nil, &n)
	return n, err
}

// raise raises the number of the last change, in the transaction of ctx.
func (db *DB) raise(ctx context.Context) (n int64, err error) {
	_, err = db.one(ctx, "INSERT INTO sequence (name, last) VALUES ('"+dataVersion+
		"', 1) ON CONFLICT (name) DO UPDATE SET last = sequence.last + 1 RETURNING last", nil, &n)
	return n, err
}

// answer asks the copy and reads the rows of its answer by ask, again when they
// change in between. It returns false when SQL has to answer.
func (db *DB) answer(ctx context.Context, e harrier.Expr, ask func(c *columns.View, e harrier.Expr) error, fetch func() error) (bool, error) {
	const tries = 3
	for n := range tries {
		e, err := db.resolve(ctx, e)
		if err != nil {
			return false, err
		}
		c, version, release := db.read(ctx)
		if c == nil {
			db.pass()
			return false, nil
		}
		err = ask(c, e)
		release()
		switch {
		case errors.Is(err, columns.ErrUnknown):
			db.pass()
			return false, nil
		case err != nil:
			return false, err
		}
		if fetch == nil {
			break
		}
		if err := fetch(); err != nil {
			return false, err
		}
		now, err := db.version(ctx)
		if err != nil {
			return false, err
		}
		if now == version || n == tries-1 {
			break
		}
	}
	db.view.answers.Add(1)
	return true, nil
}

func (db *DB) pass() {
	if db.view != nil {
		db.view.passed.Add(1)
	}
}

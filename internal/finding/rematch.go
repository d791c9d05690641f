package finding

import (
	"context"
	"slices"
	"time"

	"github.com/harrier-scan/harrier"
)

// subjectPage is how many subjects are compared at a time.
const subjectPage = 500

// Rematched says what new knowledge did.
type Rematched struct {
	Subjects int // software that was compared
	Changed  int // of which something else is known now
	Asked    int // about which other keys are asked now
	Assets   int // with findings that could change
	Opened   int // findings, reopened ones among them
	Closed   int
	Took     time.Duration
}

// Rematch compares what is stored of assets with what is known now, without a
// packet: findings open that the knowledge brings, and close that it denies. What
// it is only silent about stays. Keys are those of the statements that changed;
// nil stands for all, and also looks up anew which keys are asked about what.
//
// Only what changed is looked at: of each subject, the assets that have it, and
// the findings of those vulnerabilities that it has now and had not, or the
// other way round. It may be repeated, and called while scans run: some thousand
// findings are one transaction. After an error, or a crash, it is to be called
// again with nil.
func (r *Room) Rematch(ctx context.Context, keys []string) (Rematched, error) {
	began := time.Now()
	if r.Judge == nil {
		return Rematched{}, nil
	}
	m := &rematch{Room: r, met: map[harrier.ID]bool{}, plans: map[harrier.ID]plan{}, atOnce: r.newsAtOnce}
	do := m.all
	if keys != nil {
		do = func(ctx context.Context) error { return m.asking(ctx, keys) }
	}
	err := do(ctx)
	m.sum.Took = time.Since(began)
	return m.sum, err
}

// Still calls do, which exchanges what is known, while nothing is folded: what
// is folded before is judged by the old knowledge as a whole, and is compared
// with the new by the Rematch that follows.
func (r *Room) Still(do func() error) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return do()
}

// rematch is one call of Rematch.
type rematch struct {
	*Room
	sum    Rematched
	met    map[harrier.ID]bool // assets
	plans  map[harrier.ID]plan
	atOnce int // findings in one transaction
}

// asking compares the subjects about which one of the keys is asked.
func (m *rematch) asking(ctx context.Context, keys []string) error {
	list, err := m.Store.SubjectsAsking(ctx, keys)
	if err != nil {
		return err
	}
	for part := range slices.Chunk(list, subjectPage) {
		if err := m.compare(ctx, part); err != nil {
			return err
		}
	}
	return nil
}

// all compares all subjects.
func (m *rematch) all(ctx context.Context) error {
	for after := harrier.ID(0); ; {
		list, err := m.Store.Subjects(ctx, after, subjectPage)
		if err != nil {
			return err
		}
		if len(list) == 0 {
			return m.Store.ForgetSubjects(ctx)
		}
		after = list[len(list)-1].ID
		if err := m.ask(ctx, list); err != nil {
			return err
		}
		if err := m.compare(ctx, list); err != nil {
			return err
		}
	}
}

// ask brings the keys up to date that are asked about subjects: another program
// can know more names of the same software.
func (m *rematch) ask(ctx context.Context, list []harrier.Subject) error {
	asks := make(map[harrier.ID][]string, len(list))
	for _, s := range list {
		var keys []string
		if err := safely(func() (err error) { keys, err = m.Judge.Asks(s.Text); return err }); err != nil {
			m.Log.ErrorContext(ctx, "software not read", "subject", s.Text, "err", err)
			continue
		}
		asks[s.ID] = keys
	}
	n, err := m.Store.PutAsks(ctx, asks)
	m.sum.Asked += n
	return err
}

// compare compares subjects, and tells the assets what is new.
func (m *rematch) compare(ctx context.Context, list []harrier.Subject) error {
	news, err := m.news(ctx, list)
	for err == nil && len(news) > 0 {
		var done int
		done, err = m.tell(ctx, news)
		news = news[done:]
	}
	return err
}

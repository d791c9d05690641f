package vuln

import (
	"context"
	"fmt"
	"slices"

	"github.com/harrier-scan/harrier"
)

// Knowledge is content beyond what the program finds by itself: some hundred
// thousand vulnerabilities that are not held in memory. Calls may overlap.
type Knowledge interface {
	Vulnerability(id harrier.VulnID) (harrier.Vulnerability, bool, error)
	// Number is of a name or an alias, in any case.
	Number(name string) (harrier.VulnID, bool, error)
	// Families counts what Family lists; the families have no IDs.
	Families() []harrier.Family
	// Family lists from an offset on, by rising number; limit 0 is all.
	Family(name string, offset, limit int) ([]harrier.Light, error)
	Version() string // changes with every change
}

// Know puts other content in the place of what was known; nil for none. Who
// asks meanwhile gets the answer of one or the other. Refresh takes over what it
// says about vulnerabilities that were observed.
func (r *Room) Know(k Knowledge) { r.knowledge.Store(&k) }

// known is the content, or nil.
func (r *Room) known() Knowledge {
	if k := r.knowledge.Load(); k != nil {
		return *k
	}
	return nil
}

// ofContent finds the definition of a number of content: what content says now,
// else what it said when the vulnerability was observed.
func (r *Room) ofContent(ctx context.Context, id harrier.VulnID) (harrier.Vulnerability, bool, error) {
	if k := r.known(); k != nil {
		v, found, err := k.Vulnerability(id)
		if err == nil && found {
			return v, true, nil
		}
		if err != nil && !r.kept.has(id) {
			return v, false, fmt.Errorf("vulnerability %d: %w", id, err)
		}
	}
	if !r.kept.has(id) {
		return harrier.Vulnerability{}, false, nil
	}
	if v, ok := r.kept.get(id); ok {
		return v, true, nil
	}
	v, err := r.store.Vulnerability(ctx, id)
	if err != nil {
		return v, false, fmt.Errorf("vulnerability %d: %w", id, err)
	}
	r.kept.keep(v)
	return v, true, nil
}

// Remember stores the definitions of content's vulnerabilities that were
// observed, so that their findings can be read when the content is gone. What
// is stored already, or not known, is passed over: Refresh brings it up to date.
func (r *Room) Remember(ctx context.Context, ids []harrier.VulnID) error {
	k := r.known()
	if k == nil {
		return nil
	}
	r.writing.Lock()
	defer r.writing.Unlock()
	ids = slices.DeleteFunc(slices.Clone(ids), r.kept.has) // nearly all, nearly always
	return r.remember(ctx, k, ids)
}

// Refresh stores again what content says differently now about vulnerabilities
// that were observed.
func (r *Room) Refresh(ctx context.Context) error {
	k := r.known()
	if k == nil {
		return nil
	}
	r.writing.Lock()
	defer r.writing.Unlock()
	return r.remember(ctx, k, r.kept.all())
}

// rememberAtOnce bounds the definitions that are held to be stored together.
const rememberAtOnce = 256

func (r *Room) remember(ctx context.Context, k Knowledge, ids []harrier.VulnID) error {
	for part := range slices.Chunk(ids, rememberAtOnce) {
		var news []harrier.Vulnerability
		seen := map[harrier.VulnID]bool{}
		for _, id := range part {
			if !id.OfContent() || seen[id] {
				continue
			}
			seen[id] = true
			v, found, err := k.Vulnerability(id)
			if err != nil {
				return fmt.Errorf("remember vulnerability %d: %w", id, err)
			}
			if found && r.kept.differs(v) {
				news = append(news, v)
			}
		}
		if len(news) == 0 {
			continue
		}
		if err := r.put(ctx, news); err != nil {
			return fmt.Errorf("remember vulnerabilities: %w", err)
		}
		r.kept.note(news...)
	}
	return nil
}

// put stores definitions. A name that earlier content had under another number
// makes way: the slug of the new one gets its number behind it.
func (r *Room) put(ctx context.Context, list []harrier.Vulnerability) error {
	err := r.store.PutVulnerabilities(ctx, list)
	if harrier.KindOf(err) != harrier.Conflict {
		return err
	}
	for _, v := range list {
		one := []harrier.Vulnerability{v}
		err := r.store.PutVulnerabilities(ctx, one)
		if harrier.KindOf(err) == harrier.Conflict {
			one[0].Slug = fmt.Sprintf("%s-%d", v.Slug, v.ID)
			one[0].UUID = harrier.NamedUUID(one[0].Slug)
			err = r.store.PutVulnerabilities(ctx, one)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

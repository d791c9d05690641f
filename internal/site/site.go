// Package site is the room of what is scanned: sites, the folders that they lie
// in, whom they are shared with, and when they run next.
package site

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"time"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/calendar"
)

// Store keeps sites.
type Store interface {
	Transactor
	InsertSite(ctx context.Context, s *harrier.Site) error
	UpdateSite(ctx context.Context, s *harrier.Site) error
	DeleteSite(ctx context.Context, id harrier.ID) error
	Site(ctx context.Context, id harrier.ID) (harrier.Site, error)
	Sites(ctx context.Context) ([]harrier.Site, error)
	FolderStore
	Surroundings
}

// Transactor runs several calls as one.
type Transactor interface {
	InTx(ctx context.Context, do func(ctx context.Context) error) error
}

// FolderStore keeps folders.
type FolderStore interface {
	InsertFolder(ctx context.Context, f *harrier.Folder) error
	UpdateFolder(ctx context.Context, f *harrier.Folder) error
	DeleteFolder(ctx context.Context, id harrier.ID) error
	Folder(ctx context.Context, id harrier.ID) (harrier.Folder, error)
	Folders(ctx context.Context) ([]harrier.Folder, error)
}

// Surroundings are what a site names, and what goes with it.
type Surroundings interface {
	Engines(ctx context.Context) ([]harrier.Engine, error)
	Pools(ctx context.Context) ([]harrier.Pool, error)
	Organization(ctx context.Context, id harrier.ID) (harrier.Organization, error)
	ProfileOf(ctx context.Context, organization harrier.ID) (harrier.Profile, error)
	Repository(ctx context.Context, id harrier.ID) (harrier.Repository, error)
	User(ctx context.Context, id harrier.ID) (harrier.User, error)
	Group(ctx context.Context, id harrier.ID) (harrier.Group, error)
	AssetList(ctx context.Context, id harrier.ID) (harrier.AssetList, error)
	ScansOf(ctx context.Context, site harrier.ID) ([]harrier.Scan, error)
	DeleteScan(ctx context.Context, id harrier.ID) error
	AppendAudit(ctx context.Context, e *harrier.AuditEntry) error
}

// Policies is the room of scan settings.
type Policies interface {
	Create(ctx context.Context, by harrier.Actor, p *harrier.Policy) error
	Update(ctx context.Context, by harrier.Actor, p *harrier.Policy) error
	Policy(ctx context.Context, by harrier.Actor, id harrier.ID) (harrier.Policy, error)
	Follow(ctx context.Context, s harrier.Site) error // its hidden policy is shared as the site is
	Discard(ctx context.Context, policy harrier.ID) error
}

// Room holds the rules about sites and folders. Calls may overlap.
type Room struct {
	store    Store
	policies Policies
	now      func() time.Time
}

// New returns the room over store. Times are taken from now.
func New(store Store, policies Policies, now func() time.Time) *Room {
	return &Room{store, policies, now}
}

// Create stores s for by and gives it its ID, UUID, owner, times and next run.
// A site without a policy gets a hidden one with the built-in settings; without
// a folder it lies in My Scans; without a repository, in the first one that by may use. It
// answers Forbidden without the right to edit sites, and Invalid, naming the
// field, for a site that breaks its own rules or names a policy, folder,
// engine, repository or user that by can not name.
func (r *Room) Create(ctx context.Context, by harrier.Actor, s *harrier.Site) error {
	if s.Policy == 0 {
		return r.CreateWith(ctx, by, s, &harrier.Policy{Name: s.Name, Template: "basic"})
	}
	if err := mayEdit(by); err != nil {
		return err
	}
	s.ID, s.UUID = 0, harrier.NewUUID(r.now())
	s.NextRun, s.LastRun, s.LastScan = time.Time{}, time.Time{}, 0
	s.Created, s.Modified = r.now(), r.now()
	if s.Owner == 0 || !by.May(harrier.EditAll) {
		s.Owner = by.User
	}
	if s.Folder == 0 {
		s.Folder = harrier.MyScans
	}
	if s.Repository == 0 {
		s.Repository = firstRepository(by)
	}
	err := r.store.InTx(ctx, func(ctx context.Context) error {
		if err := r.check(ctx, by, s, harrier.Site{}); err != nil {
			return err
		}
		var err error
		if s.NextRun, err = s.Next(r.now(), calendar.Next); err != nil {
			return err
		}
		if err := r.policies.Follow(ctx, *s); err != nil {
			return err
		}
		if err := r.store.InsertSite(ctx, s); err != nil {
			return err
		}
		return r.audit(ctx, by, "site.create", s.ID, s.Name)
	})
	if err != nil {
		return fmt.Errorf("create site: %w", err)
	}
	return nil
}

// firstRepository is where the sites of by lie that say nothing else.
func firstRepository(by harrier.Actor) harrier.ID {
	if have := by.Repositories(); len(have) > 0 && !slices.Contains(have, harrier.DefaultRepository) {
		return have[0]
	}
	return harrier.DefaultRepository
}

// CreateWith stores s together with a hidden policy of its own, p: both or
// none. It answers as Create and as the creation of a policy do.
func (r *Room) CreateWith(ctx context.Context, by harrier.Actor, s *harrier.Site, p *harrier.Policy) error {
	if err := mayEdit(by); err != nil {
		return err
	}
	if err := s.Check(); err != nil {
		return err
	}
	return r.store.InTx(ctx, func(ctx context.Context) error {
		p.Hidden = true
		if err := r.policies.Create(ctx, by, p); err != nil {
			return err
		}
		s.Policy = p.ID
		return r.Create(ctx, by, s)
	})
}

// Update stores s over the site with its ID, which by must be allowed to
// configure; only an owner changes whom it is shared with, and only who may
// edit everything gives it another owner. Identity, creation time and what its
// scans wrote stay as they are. The next run is computed anew when the schedule
// has changed. A hidden policy that s no longer uses is left to the caller. It
// answers NotFound, Forbidden, or Invalid as Create does.
func (r *Room) Update(ctx context.Context, by harrier.Actor, s *harrier.Site) error {
	if err := mayEdit(by); err != nil {
		return err
	}
	changed := *s
	err := r.store.InTx(ctx, func(ctx context.Context) error {
		old, err := r.configurable(ctx, by, s.ID)
		if err != nil {
			return err
		}
		r.keep(by, &changed, old)
		if err := r.check(ctx, by, &changed, old); err != nil {
			return err
		}
		if !reflect.DeepEqual(changed.Runs(), old.Runs()) {
			if changed.NextRun, err = changed.Next(r.now(), calendar.Next); err != nil {
				return err
			}
		}
		if err := r.policies.Follow(ctx, changed); err != nil {
			return err
		}
		if err := r.store.UpdateSite(ctx, &changed); err != nil {
			return err
		}
		return r.audit(ctx, by, "site.update", changed.ID, changed.Name)
	})
	if err != nil {
		return fmt.Errorf("update site: %w", err)
	}
	*s = changed
	return nil
}

// UpdateWith stores s together with the hidden policy of its own, p: both or
// none. A p without ID is a new one, and takes the place of the hidden policy
// that the site had. It answers as Update and as changing a policy does.
func (r *Room) UpdateWith(ctx context.Context, by harrier.Actor, s *harrier.Site, p *harrier.Policy) error {
	return r.store.InTx(ctx, func(ctx context.Context) error {
		old, err := r.configurable(ctx, by, s.ID)
		if err != nil {
			return err
		}
		p.Hidden = true
		if p.ID != 0 {
			err = r.policies.Update(ctx, by, p)
		} else {
			err = r.policies.Create(ctx, by, p)
		}
		if err != nil {
			return err
		}
		s.Policy = p.ID
		if err := r.Update(ctx, by, s); err != nil || old.Policy == s.Policy {
			return err
		}
		return r.policies.Discard(ctx, old.Policy)
	})
}

// keep puts into s what an update by by does not change of old: a survey stays
// one, of its kind.
func (r *Room) keep(by harrier.Actor, s *harrier.Site, old harrier.Site) {
	s.UUID, s.Created, s.Modified = old.UUID, old.Created, r.now()
	s.NextRun, s.LastRun, s.LastScan = old.NextRun, old.LastRun, old.LastScan
	if s.Owner == 0 || !by.May(harrier.EditAll) {
		s.Owner = old.Owner
	}
	if r.Level(by, old) < harrier.Owns {
		s.Grants = old.Grants
	}
	if s.Repository == 0 {
		s.Repository = old.Repository
	}
	if s.Targets != old.Targets && slices.Equal(s.Options.Defined, old.Options.Defined) {
		s.Options.Defined = nil // somebody wrote targets, who may know of no lists
	}
	if s.Options.Survey == nil { // who knows nothing of surveys must not make one an active scan of others
		s.Options.Survey = old.Options.Survey
	} else if old.Options.Survey != nil {
		s.Options.Survey.Kind = old.Options.Survey.Kind
	}
}

// Site returns a site. One that by may not see is NotFound.
func (r *Room) Site(ctx context.Context, by harrier.Actor, id harrier.ID) (harrier.Site, error) {
	s, err := r.visible(ctx, by, id)
	if err != nil {
		return s, err
	}
	folders, err := r.Folders(ctx, by)
	if err != nil {
		return s, err
	}
	return inSight(s, folders), nil
}

// Sites returns the sites that by may see, by rising ID, those in the trash
// too. A site that its owner keeps in a folder of theirs shows in My Scans to
// others.
func (r *Room) Sites(ctx context.Context, by harrier.Actor) ([]harrier.Site, error) {
	all, err := r.store.Sites(ctx)
	if err != nil {
		return nil, fmt.Errorf("list sites: %w", err)
	}
	folders, err := r.Folders(ctx, by)
	if err != nil {
		return nil, err
	}
	var out []harrier.Site
	for _, s := range all {
		if r.Level(by, s) >= harrier.MayView {
			out = append(out, inSight(s, folders))
		}
	}
	return out, nil
}

// inSight returns s as somebody sees it who sees these folders.
func inSight(s harrier.Site, folders []harrier.Folder) harrier.Site {
	if !slices.ContainsFunc(folders, func(f harrier.Folder) bool { return f.ID == s.Folder }) {
		s.Folder = harrier.MyScans
	}
	return s
}

// Delete removes a site of by's own with its scans and its hidden policy.
// Findings and assets stay; sites that came after it are on demand from then
// on. It answers NotFound, Forbidden, and Conflict while
// a scan of it goes on.
func (r *Room) Delete(ctx context.Context, by harrier.Actor, id harrier.ID) error {
	if err := mayEdit(by); err != nil {
		return err
	}
	return r.store.InTx(ctx, func(ctx context.Context) error {
		s, err := r.visible(ctx, by, id)
		if err != nil {
			return err
		}
		if r.Level(by, s) < harrier.Owns {
			return harrier.Errorf(harrier.Forbidden, "you may not delete site %q", s.Name)
		}
		scans, err := r.store.ScansOf(ctx, id)
		if err != nil {
			return fmt.Errorf("delete site: %w", err)
		}
		if slices.ContainsFunc(scans, func(sc harrier.Scan) bool { return !sc.Status.Ended() }) {
			return harrier.Errorf(harrier.Conflict, "Can not delete an active scan") // clients match this text
		}
		for _, sc := range scans {
			if err := r.store.DeleteScan(ctx, sc.ID); err != nil {
				return fmt.Errorf("delete scan: %w", err)
			}
		}
		if err := r.release(ctx, id); err != nil {
			return fmt.Errorf("delete site: %w", err)
		}
		if err := r.store.DeleteSite(ctx, id); err != nil {
			return fmt.Errorf("delete site: %w", err)
		}
		if err := r.policies.Discard(ctx, s.Policy); err != nil {
			return fmt.Errorf("delete site: %w", err)
		}
		return r.audit(ctx, by, "site.delete", id, s.Name)
	})
}

// SetRead notes whether the newest results were looked at. It answers NotFound.
func (r *Room) SetRead(ctx context.Context, by harrier.Actor, id harrier.ID, read bool) error {
	return r.store.InTx(ctx, func(ctx context.Context) error {
		s, err := r.visible(ctx, by, id)
		if err != nil || s.Read == read {
			return err
		}
		s.Read = read
		if err := r.store.UpdateSite(ctx, &s); err != nil {
			return fmt.Errorf("update site: %w", err)
		}
		return nil
	})
}

// Level says how far by may go with s: see it (MayView), run its scans
// (MayControl), change it (MayConfigure), delete and share it (Owns).
func (r *Room) Level(by harrier.Actor, s harrier.Site) harrier.Level {
	return by.LevelOnSite(s)
}

// visible returns the stored site, or NotFound when by may not see it.
func (r *Room) visible(ctx context.Context, by harrier.Actor, id harrier.ID) (harrier.Site, error) {
	s, err := r.store.Site(ctx, id)
	if err != nil && harrier.KindOf(err) != harrier.NotFound {
		return s, fmt.Errorf("load site: %w", err)
	}
	if err != nil || r.Level(by, s) < harrier.MayView {
		return harrier.Site{}, harrier.Errorf(harrier.NotFound, "no site %d", id)
	}
	return s, nil
}

// configurable returns the stored site, or Forbidden when by may see but not
// change it.
func (r *Room) configurable(ctx context.Context, by harrier.Actor, id harrier.ID) (harrier.Site, error) {
	s, err := r.visible(ctx, by, id)
	if err == nil && r.Level(by, s) < harrier.MayConfigure {
		return s, harrier.Errorf(harrier.Forbidden, "you may not change site %q", s.Name)
	}
	return s, err
}

func mayEdit(by harrier.Actor) error {
	if !by.May(harrier.EditSites) {
		return harrier.Errorf(harrier.Forbidden, "you may not edit sites")
	}
	return nil
}

func (r *Room) audit(ctx context.Context, by harrier.Actor, action string, id harrier.ID, detail string) error {
	return r.store.AppendAudit(ctx, &harrier.AuditEntry{
		At: r.now(), Actor: by.Name, Via: by.Via, Action: action, Object: fmt.Sprintf("site %d", id), Detail: detail,
	})
}

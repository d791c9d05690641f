package asset

import (
	"cmp"
	"context"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/asset/members"
)

// TagStore holds the tags. The methods are those of the store package.
type TagStore interface {
	InTx(ctx context.Context, do func(ctx context.Context) error) error
	InsertTag(ctx context.Context, t *harrier.Tag) error
	UpdateTag(ctx context.Context, t *harrier.Tag) error
	DeleteTag(ctx context.Context, id harrier.ID) error
	Tag(ctx context.Context, id harrier.ID) (harrier.Tag, error)
	Tags(ctx context.Context) ([]harrier.Tag, error)
	AddTagUse(ctx context.Context, u harrier.TagUse) error
	RemoveTagUse(ctx context.Context, u harrier.TagUse) error
	TagUses(ctx context.Context, tag harrier.ID, on harrier.TagPlace) ([]harrier.TagUse, error)
	TagUsesOn(ctx context.Context, on harrier.TagPlace, objects ...harrier.ID) ([]harrier.TagUse, error)
	TagCarriers(ctx context.Context, tag harrier.ID) ([]harrier.ID, error)
	SetTagCarriers(ctx context.Context, tag harrier.ID, more, fewer []harrier.ID) error
	TagsCarried(ctx context.Context, assets ...harrier.ID) ([]harrier.TagUse, error)
	TagWeights(ctx context.Context) (map[harrier.ID]int, error)
	KeepTagWeight(ctx context.Context, asset harrier.ID, before int) error
	DropTagWeight(ctx context.Context, asset harrier.ID) error
	Asset(ctx context.Context, id harrier.ID) (harrier.Asset, error)
	SetImportance(ctx context.Context, id harrier.ID, percent int) error
	AssetList(ctx context.Context, id harrier.ID) (harrier.AssetList, error)
}

// TagSites is what the tags need to know of sites: the methods of its room.
type TagSites interface {
	Site(ctx context.Context, by harrier.Actor, id harrier.ID) (harrier.Site, error)
	Level(by harrier.Actor, s harrier.Site) harrier.Level
}

// Tags is the part of the room that keeps tags. Its methods may overlap. All of
// an organisation see its tags. Which assets carry a tag is worked out when the
// tag changes, after every scan and every hour.
type Tags struct {
	store  TagStore
	search Search
	lists  *Lists
	sites  TagSites
	log    *slog.Logger
	now    func() time.Time
	wake   chan struct{}
}

// NewTags returns the tags over store.
func NewTags(store TagStore, search Search, lists *Lists, sites TagSites, now func() time.Time, log *slog.Logger) *Tags {
	return &Tags{log: log, store: store, search: search, lists: lists, sites: sites, now: now, wake: make(chan struct{}, 1)}
}

func seesTag(by harrier.Actor, t harrier.Tag) bool {
	return by.May(harrier.ReadOwn) && (t.BuiltIn || by.PeerOf(t.Owner))
}

// All lists the tags that by may see, by rising ID.
func (r *Tags) All(ctx context.Context, by harrier.Actor) ([]harrier.Tag, error) {
	all, err := r.store.Tags(ctx)
	return slices.DeleteFunc(all, func(t harrier.Tag) bool { return !seesTag(by, t) }), err
}

// Tag returns one tag. It answers NotFound for one that by may not see.
func (r *Tags) Tag(ctx context.Context, by harrier.Actor, id harrier.ID) (harrier.Tag, error) {
	t, err := r.store.Tag(ctx, id)
	if err == nil && !seesTag(by, t) {
		err = harrier.Errorf(harrier.NotFound, "no tag %d", id)
	}
	if err != nil {
		return harrier.Tag{}, err
	}
	return t, nil
}

// Edits reports whether by may change t, or put it on things. Tags that say how
// much assets matter are for those who may edit assets.
func (r *Tags) Edits(by harrier.Actor, t harrier.Tag) bool {
	switch {
	case !by.May(harrier.EditSites) || t.Kind == harrier.CriticalityTag && !by.May(harrier.EditAll):
		return false
	case t.BuiltIn:
		return true // to put it on things
	}
	return by.PeerOf(t.Owner)
}

// Create stores t and gives it an ID, a UUID and its owner, by. It answers
// Forbidden without the right to edit sites, or assets for one that says how
// much they matter; Invalid for one that breaks its own rules or whose rule can
// not be read; Conflict when there is one of its kind and name that by sees.
func (r *Tags) Create(ctx context.Context, by harrier.Actor, t *harrier.Tag) error {
	t.BuiltIn, t.Owner = false, by.User
	if err := r.check(by, t); err != nil {
		return err
	}
	err := r.store.InTx(ctx, func(ctx context.Context) error {
		if err := r.free(ctx, by, *t); err != nil {
			return err
		}
		t.Created = r.now().UTC()
		t.Modified, t.UUID = t.Created, harrier.NewUUID(t.Created)
		return r.store.InsertTag(ctx, t)
	})
	if err != nil {
		return err
	}
	return r.settled(ctx, *t)
}

func (r *Tags) check(by harrier.Actor, t *harrier.Tag) error {
	if !r.Edits(by, *t) {
		return harrier.Errorf(harrier.Forbidden, "you may not write such tags")
	}
	if err := t.Check(); err != nil {
		return err
	}
	if t.Rule == "" {
		return nil
	}
	_, err := members.Of(rulesList(t.Rule), r.now(), func(id harrier.ID) (harrier.AssetList, error) {
		return harrier.AssetList{}, harrier.Errorf(harrier.NotFound, "no asset list %d", id)
	})
	return err
}

func rulesList(rule string) harrier.AssetList {
	return harrier.AssetList{Kind: "dynamic", Definition: rule}
}

// free answers Conflict when another tag has the kind and the name.
func (r *Tags) free(ctx context.Context, by harrier.Actor, t harrier.Tag) error {
	all, err := r.All(ctx, by)
	for _, o := range all {
		if o.ID != t.ID && o.Kind == t.Kind && strings.EqualFold(o.Name, t.Name) {
			return harrier.Errorf(harrier.Conflict, "there is a tag of the type %s named %q already", t.Kind, t.Name)
		}
	}
	return err
}

// own is a tag that by may change.
func (r *Tags) own(ctx context.Context, by harrier.Actor, id harrier.ID) (harrier.Tag, error) {
	t, err := r.Tag(ctx, by, id)
	switch {
	case err != nil:
	case t.BuiltIn:
		err = harrier.Errorf(harrier.Forbidden, "tag %d is built in and stays as it is", id)
	case !r.Edits(by, t):
		err = harrier.Errorf(harrier.Forbidden, "you may not change tag %d", id)
	}
	return t, err
}

// Update stores what t says, but for its owner and creation. It answers like
// Create, NotFound, and Forbidden for a tag that is built in.
func (r *Tags) Update(ctx context.Context, by harrier.Actor, t *harrier.Tag) error {
	var have harrier.Tag
	err := r.store.InTx(ctx, func(ctx context.Context) (err error) {
		if have, err = r.own(ctx, by, t.ID); err != nil {
			return err
		}
		t.BuiltIn, t.UUID, t.Owner, t.Created, t.Modified = false, have.UUID, have.Owner, have.Created, r.now().UTC()
		if err := r.check(by, t); err != nil {
			return err
		}
		if err := r.free(ctx, by, *t); err != nil {
			return err
		}
		return r.store.UpdateTag(ctx, t)
	})
	if err != nil {
		return err
	}
	return r.settled(ctx, *t)
}

// Delete removes a tag from whatever it is on. It answers NotFound, and
// Forbidden like Update.
func (r *Tags) Delete(ctx context.Context, by harrier.Actor, id harrier.ID) error {
	var have harrier.Tag
	err := r.store.InTx(ctx, func(ctx context.Context) (err error) {
		if have, err = r.own(ctx, by, id); err != nil {
			return err
		}
		return r.store.DeleteTag(ctx, id)
	})
	if err != nil {
		return err
	}
	return r.settled(ctx, have)
}

// Use puts a tag on something, or takes it off; what is so already stays so. It
// answers NotFound for a tag or a thing that by does not see, and Forbidden
// where by may not change the one or use the other so.
func (r *Tags) Use(ctx context.Context, by harrier.Actor, u harrier.TagUse, on bool) error {
	return r.UseAll(ctx, by, []harrier.TagUse{u}, on)
}

// UseAll is Use for many: all of them or, when one is refused, none.
func (r *Tags) UseAll(ctx context.Context, by harrier.Actor, list []harrier.TagUse, on bool) error {
	used := map[harrier.ID]harrier.Tag{}
	err := r.store.InTx(ctx, func(ctx context.Context) error {
		for _, u := range list {
			t, err := r.Tag(ctx, by, u.Tag)
			if err != nil {
				return err
			}
			if !r.Edits(by, t) {
				return harrier.Errorf(harrier.Forbidden, "you may not use tag %d", u.Tag)
			}
			if err := r.place(ctx, by, u); err != nil {
				return err
			}
			if used[t.ID] = t; !on {
				err = r.store.RemoveTagUse(ctx, u)
			} else if err = r.onlyCriticality(ctx, t, u, used); err == nil {
				err = r.store.AddTagUse(ctx, u)
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	return r.settled(ctx, slices.Collect(maps.Values(used))...)
}

// onlyCriticality takes other tags off that say how much the thing matters, and
// notes them: it can have one only.
func (r *Tags) onlyCriticality(ctx context.Context, t harrier.Tag, u harrier.TagUse, off map[harrier.ID]harrier.Tag) error {
	if t.Kind != harrier.CriticalityTag {
		return nil
	}
	have, err := r.store.TagUsesOn(ctx, u.On, u.Object)
	if err != nil {
		return err
	}
	for _, h := range have {
		if h.Tag == u.Tag {
			continue
		}
		o, err := r.store.Tag(ctx, h.Tag)
		if err != nil {
			return err
		}
		if o.Kind != harrier.CriticalityTag {
			continue
		}
		off[o.ID] = o
		if err := r.store.RemoveTagUse(ctx, h); err != nil {
			return err
		}
	}
	return nil
}

// place answers NotFound or Forbidden for something that by may not put tags on.
func (r *Tags) place(ctx context.Context, by harrier.Actor, u harrier.TagUse) error {
	may := true
	switch u.On {
	case harrier.OnAsset:
		if !by.May(harrier.ReadFindings) {
			return harrier.Errorf(harrier.NotFound, "no asset %d", u.Object)
		}
		a, err := r.store.Asset(ctx, u.Object)
		if err != nil {
			return err
		}
		sees, err := Sees(ctx, r.search, by, a)
		if err != nil {
			return err
		}
		if !sees {
			return harrier.Errorf(harrier.NotFound, "no asset %d", u.Object)
		}
	case harrier.OnSite:
		s, err := r.sites.Site(ctx, by, u.Object)
		if err != nil {
			return err
		}
		may = r.sites.Level(by, s) >= harrier.MayConfigure
	case harrier.OnList:
		l, err := r.lists.List(ctx, by, u.Object)
		if err != nil {
			return err
		}
		may = r.lists.Edits(by, l)
	default:
		return harrier.Invalidf("on", "tags are not put on %q", string(u.On))
	}
	if !may {
		return harrier.Errorf(harrier.Forbidden, "you may not put tags on %s %d", u.On, u.Object)
	}
	return nil
}

// Uses lists what a tag was put on, of one kind. Things that are gone can be
// among them. It answers NotFound.
func (r *Tags) Uses(ctx context.Context, by harrier.Actor, id harrier.ID, on harrier.TagPlace) ([]harrier.TagUse, error) {
	if _, err := r.Tag(ctx, by, id); err != nil {
		return nil, err
	}
	return r.store.TagUses(ctx, id, on)
}

// On lists the tags that were put on one thing and that by may see, by rising
// ID. Whether by may see the thing is for the caller to know.
func (r *Tags) On(ctx context.Context, by harrier.Actor, on harrier.TagPlace, object harrier.ID) ([]harrier.Tag, error) {
	uses, err := r.store.TagUsesOn(ctx, on, object)
	if err != nil || len(uses) == 0 {
		return nil, err
	}
	all, err := r.All(ctx, by)
	return slices.DeleteFunc(all, func(t harrier.Tag) bool {
		return !slices.ContainsFunc(uses, func(u harrier.TagUse) bool { return u.Tag == t.ID })
	}), err
}

// parts are the conditions under which an asset carries a tag, with the use that
// each comes from: on assets themselves, on sites and lists; zero for the rule.
func (r *Tags) parts(ctx context.Context, t harrier.Tag) (map[harrier.TagUse]harrier.Expr, error) {
	is := func(field string, id harrier.ID) harrier.Expr {
		return harrier.Cmp{Field: field, Op: harrier.Eq, Values: []any{int64(id)}}
	}
	out := map[harrier.TagUse]harrier.Expr{{Tag: t.ID, On: harrier.OnAsset}: is("tagged", t.ID)}
	onSites, err := r.store.TagUses(ctx, t.ID, harrier.OnSite)
	if err != nil {
		return nil, err
	}
	for _, u := range onSites {
		out[u] = is("in_site", u.Object)
	}
	onLists, err := r.store.TagUses(ctx, t.ID, harrier.OnList)
	if err != nil {
		return nil, err
	}
	others := func(id harrier.ID) (harrier.AssetList, error) { return r.store.AssetList(ctx, id) }
	for _, u := range onLists {
		e, err := members.ByID(u.Object, r.now(), others)
		if harrier.KindOf(err) == harrier.NotFound && err != nil {
			continue // it is gone
		}
		if err != nil {
			return nil, err
		}
		out[u] = e
	}
	if t.Rule != "" {
		e, err := members.Of(rulesList(t.Rule), r.now(), others)
		if err != nil {
			return nil, err
		}
		out[harrier.TagUse{Tag: t.ID}] = e
	}
	return out, nil
}

// Members is the condition that an asset, or a finding's asset, carries a tag.
// It answers NotFound.
func (r *Tags) Members(ctx context.Context, by harrier.Actor, id harrier.ID) (harrier.Expr, error) {
	if _, err := r.Tag(ctx, by, id); err != nil {
		return nil, err
	}
	return harrier.OfAsset{Of: harrier.Cmp{Field: "tag", Op: harrier.Eq, Values: []any{int64(id)}}}, nil
}

// Of tells which tags some assets carry, those that by may see, by rising ID of
// the tag. Whether by may see the assets is for the caller to know.
func (r *Tags) Of(ctx context.Context, by harrier.Actor, assets ...harrier.ID) (map[harrier.ID][]harrier.Tag, error) {
	all, err := r.All(ctx, by)
	if err != nil {
		return nil, err
	}
	known := map[harrier.ID]harrier.Tag{}
	for _, t := range all {
		known[t.ID] = t
	}
	carried, err := r.store.TagsCarried(ctx, assets...)
	if err != nil {
		return nil, err
	}
	out := map[harrier.ID][]harrier.Tag{}
	for _, u := range carried {
		if t, ok := known[u.Tag]; ok {
			out[u.Object] = append(out[u.Object], t)
		}
	}
	for id := range out {
		slices.SortFunc(out[id], func(a, b harrier.Tag) int { return cmp.Compare(a.ID, b.ID) })
	}
	return out, nil
}

// Why tells which of the tags that by may see some assets carry, and by what,
// by rising ID of the tag. Whether by may see the assets is for the caller to
// know.
func (r *Tags) Why(ctx context.Context, by harrier.Actor, assets ...harrier.ID) (map[harrier.ID][]harrier.Tagged, error) {
	tags, err := r.Of(ctx, by, assets...)
	if err != nil {
		return nil, err
	}
	carriers := map[harrier.ID][]harrier.ID{}
	known := map[harrier.ID]harrier.Tag{}
	for id, list := range tags {
		for _, t := range list {
			carriers[t.ID], known[t.ID] = append(carriers[t.ID], id), t
		}
	}
	out := map[harrier.ID][]harrier.Tagged{}
	for _, tag := range slices.Sorted(maps.Keys(carriers)) {
		of, err := r.why(ctx, known[tag], carriers[tag])
		if err != nil {
			return nil, err
		}
		for _, id := range carriers[tag] {
			t := harrier.Tagged{Tag: known[tag]}
			if of[id] != nil {
				t = *of[id]
			}
			slices.SortFunc(t.Uses, func(a, b harrier.TagUse) int {
				return cmp.Or(cmp.Compare(a.On, b.On), cmp.Compare(a.Object, b.Object))
			})
			out[id] = append(out[id], t)
		}
	}
	return out, nil
}

// manyTagged is how many assets are asked about at a time.
const manyTagged = 500

func (r *Tags) why(ctx context.Context, t harrier.Tag, assets []harrier.ID) (map[harrier.ID]*harrier.Tagged, error) {
	parts, err := r.parts(ctx, t)
	if err != nil {
		return nil, err
	}
	of := map[harrier.ID]*harrier.Tagged{}
	for u, e := range parts {
		for ids := range slices.Chunk(assets, manyTagged) {
			found, err := r.among(ctx, e, ids)
			if err != nil {
				return nil, err
			}
			for _, id := range found {
				if of[id] == nil {
					of[id] = &harrier.Tagged{Tag: t}
				}
				switch u.On {
				case "":
					of[id].ByRule = true
				case harrier.OnAsset:
					of[id].Uses = append(of[id].Uses, harrier.TagUse{Tag: t.ID, On: harrier.OnAsset, Object: id})
				default:
					of[id].Uses = append(of[id].Uses, u)
				}
			}
		}
	}
	return of, nil
}

// among are those of some assets that e holds for.
func (r *Tags) among(ctx context.Context, e harrier.Expr, ids []harrier.ID) ([]harrier.ID, error) {
	values := make([]any, len(ids))
	for i, id := range ids {
		values[i] = int64(id)
	}
	list, _, err := r.search(ctx, harrier.And{harrier.Cmp{Field: "id", Op: harrier.Eq, Values: values}, e}, Page{})
	out := make([]harrier.ID, len(list))
	for i, a := range list {
		out[i] = a.ID
	}
	return out, err
}

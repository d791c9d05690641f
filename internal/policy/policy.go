// Package policy is the room of scan settings: policies and the templates that
// they are made from, the credentials that they carry, and the operator's guard
// rules.
package policy

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/harrier-scan/harrier"
)

// Store keeps policies.
type Store interface {
	Transactor
	InsertPolicy(ctx context.Context, p *harrier.Policy) error
	UpdatePolicy(ctx context.Context, p *harrier.Policy) error
	DeletePolicy(ctx context.Context, id harrier.ID) error
	Policy(ctx context.Context, id harrier.ID) (harrier.Policy, error)
	Policies(ctx context.Context) ([]harrier.Policy, error)
	AuditStore
	Surroundings
}

// Transactor runs several calls as one.
type Transactor interface {
	InTx(ctx context.Context, do func(ctx context.Context) error) error
}

// Surroundings are what the room needs besides policies: the sites that use
// them, the console's settings, the audit log.
type Surroundings interface {
	ProfileOf(ctx context.Context, organization harrier.ID) (harrier.Profile, error)
	Sites(ctx context.Context) ([]harrier.Site, error)
	Value(ctx context.Context, key string) (string, bool, error)
	SetValue(ctx context.Context, key, value string) error
	AppendAudit(ctx context.Context, e *harrier.AuditEntry) error
}

// Catalog knows the checks that there are.
type Catalog interface {
	Checks() []harrier.CheckInfo
}

// Sealer hides secrets, see package secret.
type Sealer interface {
	Seal(purpose string, plaintext []byte) ([]byte, error)
	Unseal(purpose string, sealed []byte) ([]byte, error)
}

// Room holds the rules about policies. Calls may overlap.
type Room struct {
	store   Store
	catalog Catalog
	secrets Sealer
	now     func() time.Time
}

// New returns the room over store. Times are taken from now.
func New(store Store, catalog Catalog, secrets Sealer, now func() time.Time) *Room {
	return &Room{store, catalog, secrets, now}
}

// Create stores p for by, and gives it its ID, UUID, owner and times. The name
// of a listed policy that is taken gets a suffix, " (1)" and so on, so callers
// read p.Name again. A template that is not named is "custom". The secret
// fields of p's credentials are sealed and gone from p afterwards; credentials
// with the ID of one in a policy whose credentials by may use are copies of it. It answers
// Forbidden without the right to edit policies or for a template that a profile
// takes away, and Invalid for a policy that
// breaks its own rules or names an unknown template.
func (r *Room) Create(ctx context.Context, by harrier.Actor, p *harrier.Policy) error {
	if err := r.mayEdit(by); err != nil {
		return err
	}
	if p.Template == "" {
		p.Template = "custom"
	}
	if err := r.check(p); err != nil {
		return err
	}
	if err := r.mayBegin(ctx, by, p.Template); err != nil {
		return err
	}
	p.ID, p.UUID = 0, harrier.NewUUID(r.now())
	if p.Owner == 0 || !by.May(harrier.EditAll) || !by.PeerOf(p.Owner) {
		p.Owner = by.User
	}
	if err := mayShare(by, p.Grants, nil); err != nil {
		return err
	}
	p.Created, p.Modified = r.now(), r.now()
	p.Preferences = withoutSecrets(p.Preferences)
	stored := clone(*p)
	err := r.store.InTx(ctx, func(ctx context.Context) error {
		if err := r.freeName(ctx, by, &stored); err != nil {
			return err
		}
		if err := r.mayAudit(ctx, by, stored.Audits, nil); err != nil {
			return err
		}
		if err := r.seal(ctx, by, &stored); err != nil {
			return err
		}
		if err := r.store.InsertPolicy(ctx, &stored); err != nil {
			return err
		}
		return r.audit(ctx, by, "policy.create", stored.ID, stored.Name)
	})
	if err != nil {
		return fmt.Errorf("create policy: %w", err)
	}
	*p = public(stored)
	return nil
}

// Update stores p over the policy with its ID, which by must be allowed to
// configure; only an owner changes whom it is shared with. Identity, owner,
// visibility and creation time stay as they are. A credential with the ID of a
// stored one keeps that one's secret fields unless it brings new ones; stored
// credentials that p lacks are removed. It answers NotFound, Forbidden or
// Invalid.
func (r *Room) Update(ctx context.Context, by harrier.Actor, p *harrier.Policy) error {
	if err := r.mayEdit(by); err != nil {
		return err
	}
	err := r.store.InTx(ctx, func(ctx context.Context) error {
		old, level, err := r.visible(ctx, by, p.ID)
		if err != nil {
			return err
		}
		if level < harrier.MayConfigure {
			return harrier.Errorf(harrier.Forbidden, "you may not change policy %q", old.Name)
		}
		changed := clone(*p)
		changed.UUID, changed.Owner = old.UUID, old.Owner
		if changed.Template == "" {
			changed.Template = old.Template
		}
		changed.Hidden, changed.Created, changed.Modified = old.Hidden, old.Created, r.now()
		if level < harrier.Owns {
			changed.Grants = old.Grants
		}
		if err := mayShare(by, changed.Grants, old.Grants); err != nil {
			return err
		}
		changed.Preferences = withoutSecrets(changed.Preferences)
		if err := r.check(&changed); err != nil {
			return err
		}
		if changed.Template != old.Template {
			if err := r.mayBegin(ctx, by, changed.Template); err != nil {
				return err
			}
		}
		if changed.Name != old.Name {
			if err := r.freeName(ctx, by, &changed); err != nil {
				return err
			}
		}
		if err := r.mayAudit(ctx, by, changed.Audits, old.Audits); err != nil {
			return err
		}
		if err := r.seal(ctx, by, &changed); err != nil {
			return err
		}
		if err := r.store.UpdatePolicy(ctx, &changed); err != nil {
			return err
		}
		*p = public(changed)
		return r.audit(ctx, by, "policy.update", p.ID, p.Name)
	})
	if err != nil {
		return fmt.Errorf("update policy: %w", err)
	}
	return nil
}

// Policy returns a policy without any secret. A policy that by may not see is
// NotFound.
func (r *Room) Policy(ctx context.Context, by harrier.Actor, id harrier.ID) (harrier.Policy, error) {
	p, _, err := r.visible(ctx, by, id)
	return public(p), err
}

// Policies returns the listed policies that by may see, by rising ID, without
// any secret. Those that belong to one site are not listed.
func (r *Room) Policies(ctx context.Context, by harrier.Actor) ([]harrier.Policy, error) {
	all, err := r.store.Policies(ctx)
	if err != nil {
		return nil, fmt.Errorf("list policies: %w", err)
	}
	var out []harrier.Policy
	for _, p := range all {
		if !p.Hidden && r.Level(by, p) >= harrier.MayView {
			out = append(out, public(p))
		}
	}
	return out, nil
}

// Private returns the policies that are not listed and that by may see, by
// rising ID, without any secret: those that belong to one site, and what doors
// keep in the form of a policy.
func (r *Room) Private(ctx context.Context, by harrier.Actor) ([]harrier.Policy, error) {
	all, err := r.store.Policies(ctx)
	if err != nil {
		return nil, fmt.Errorf("list private policies: %w", err)
	}
	var out []harrier.Policy
	for _, p := range all {
		if p.Hidden && r.Level(by, p) >= harrier.MayView {
			out = append(out, public(p))
		}
	}
	return out, nil
}

// Delete removes a policy of by's own, or a hidden one that by may configure.
// It answers NotFound, Forbidden, and Conflict while a site uses it.
func (r *Room) Delete(ctx context.Context, by harrier.Actor, id harrier.ID) error {
	if err := r.mayEdit(by); err != nil {
		return err
	}
	return r.store.InTx(ctx, func(ctx context.Context) error {
		p, level, err := r.visible(ctx, by, id)
		if err != nil {
			return err
		}
		if level < harrier.Owns && !(p.Hidden && level >= harrier.MayConfigure) {
			return harrier.Errorf(harrier.Forbidden, "you may not delete policy %q", p.Name)
		}
		sites, err := r.store.Sites(ctx)
		if err != nil {
			return fmt.Errorf("delete policy: %w", err)
		}
		if slices.ContainsFunc(sites, func(s harrier.Site) bool { return s.Policy == id }) {
			// Clients match this text.
			return harrier.Errorf(harrier.Conflict, `Policy "%s" (ID %d) cannot be deleted since it is currently used by one or more scans.`, p.Name, id)
		}
		if err := r.store.DeletePolicy(ctx, id); err != nil {
			return fmt.Errorf("delete policy: %w", err)
		}
		return r.audit(ctx, by, "policy.delete", id, p.Name)
	})
}

// Copy makes a copy of a policy that by may see, credentials included, for by:
// "Copy of NAME", listed or hidden as the original, shared with nobody. It
// answers NotFound and Forbidden.
func (r *Room) Copy(ctx context.Context, by harrier.Actor, id harrier.ID) (harrier.Policy, error) {
	if err := r.mayEdit(by); err != nil {
		return harrier.Policy{}, err
	}
	var c harrier.Policy
	err := r.store.InTx(ctx, func(ctx context.Context) error {
		p, _, err := r.visible(ctx, by, id)
		if err != nil {
			return err
		}
		c = clone(p)
		c.Owner, c.Grants = by.User, nil
		if !c.Hidden {
			c.Name = shorten("Copy of "+p.Name, "")
		}
		return r.Create(ctx, by, &c)
	})
	if err != nil {
		return harrier.Policy{}, fmt.Errorf("copy policy: %w", err)
	}
	return c, nil
}

// Follow makes the hidden policy of a site belong to whom the site belongs to,
// and shares it with whom the site is shared with; a listed policy stays as it
// is. The caller has checked that the site may be changed.
func (r *Room) Follow(ctx context.Context, s harrier.Site) error {
	if s.Policy == 0 { // a site of imported scans
		return nil
	}
	p, err := r.store.Policy(ctx, s.Policy)
	if err != nil || !p.Hidden || p.Owner == s.Owner && slices.Equal(p.Grants, s.Grants) {
		return err
	}
	p.Owner, p.Grants = s.Owner, slices.Clone(s.Grants)
	return r.store.UpdatePolicy(ctx, &p)
}

// Discard removes the hidden policy of a site that is no more; a listed policy
// stays. The caller has checked that the site may be deleted.
func (r *Room) Discard(ctx context.Context, id harrier.ID) error {
	p, err := r.store.Policy(ctx, id)
	if err == nil && p.Hidden {
		err = r.store.DeletePolicy(ctx, id)
	}
	if harrier.KindOf(err) != harrier.NotFound {
		return err
	}
	return nil // gone already
}

// Level says how far by may go with p.
func (r *Room) Level(by harrier.Actor, p harrier.Policy) harrier.Level {
	return by.LevelOn(p.Owner, p.Grants)
}

// Plan returns what engines are told of p: its settings and the checks that its
// selection enables, by rising number. Guard rules and exclusions are left for
// the caller to add. Checks that may disturb a target are planned also when p
// has only safe ones run: they end as skipped, with that reason, so that the
// coverage tells what was left out.
func (r *Room) Plan(_ context.Context, p harrier.Policy) (harrier.Plan, error) {
	if err := p.Settings.Check(); err != nil {
		return harrier.Plan{}, err
	}
	plan := harrier.Plan{Settings: p.Settings, Checks: []harrier.VulnID{}}
	for _, c := range r.catalog.Checks() {
		_, named := p.Checks.Single[c.ID]
		if p.Checks.Enabled(c.ID, c.Family) || !named && slices.Contains(mechanics, c.ID) {
			plan.Checks = append(plan.Checks, c.ID)
		}
	}
	for id, on := range p.Checks.Single {
		switch {
		case !id.OfContent():
		case on:
			plan.Checks = append(plan.Checks, id)
		default:
			plan.Except = append(plan.Except, id)
		}
	}
	slices.Sort(plan.Checks)
	slices.Sort(plan.Except)
	plan.Checks = slices.Compact(plan.Checks)
	return plan, nil
}

// mechanics are the records that readers of results rely on, whatever families
// a policy has: how a host was found, and the scan information.
//
// Source: nessus-api.md sections 13.1 and 14.
var mechanics = []harrier.VulnID{10180, 19506}

// visible returns the stored policy with its sealed secrets and by's level on
// it, or NotFound.
func (r *Room) visible(ctx context.Context, by harrier.Actor, id harrier.ID) (harrier.Policy, harrier.Level, error) {
	p, err := r.store.Policy(ctx, id)
	if err != nil && harrier.KindOf(err) != harrier.NotFound {
		return p, 0, fmt.Errorf("load policy: %w", err)
	}
	level := r.Level(by, p)
	if err != nil || level < harrier.MayView {
		return harrier.Policy{}, 0, harrier.Errorf(harrier.NotFound, "no policy %d", id)
	}
	return p, level, nil
}

// mayShare answers Forbidden for a change of grants without the right to share.
func mayShare(by harrier.Actor, grants, old []harrier.Grant) error {
	if !by.May(harrier.ShareObjects) && !slices.Equal(grants, old) {
		return harrier.Errorf(harrier.Forbidden, "you may not share policies")
	}
	return nil
}

func (r *Room) mayEdit(by harrier.Actor) error {
	if !by.May(harrier.EditPolicies) {
		return harrier.Errorf(harrier.Forbidden, "you may not edit policies")
	}
	return nil
}

// Profile is what the people of by's organisation may use.
func (r *Room) Profile(ctx context.Context, by harrier.Actor) (harrier.Profile, error) {
	if by.Organization == 0 {
		return harrier.Profile{}, nil
	}
	return r.store.ProfileOf(ctx, by.Organization)
}

// mayBegin answers Forbidden for a template that the profile of by takes away.
func (r *Room) mayBegin(ctx context.Context, by harrier.Actor, template string) error {
	p, err := r.Profile(ctx, by)
	if err == nil && !p.Only.MayBegin(template) {
		err = harrier.Errorf(harrier.Forbidden, "your organization has no policies of template %s", template)
	}
	return err
}

// freeName gives p a suffix if its name is taken in by's organisation.
func (r *Room) freeName(ctx context.Context, by harrier.Actor, p *harrier.Policy) error {
	if p.Hidden {
		return nil
	}
	all, err := r.store.Policies(ctx)
	if err != nil {
		return err
	}
	taken := map[string]bool{}
	for _, other := range all {
		if !other.Hidden && other.ID != p.ID && by.PeerOf(other.Owner) {
			taken[other.Name] = true
		}
	}
	for name, n := p.Name, 1; taken[p.Name]; n++ {
		p.Name = shorten(name, fmt.Sprintf(" (%d)", n))
	}
	return nil
}

// shorten returns name and suffix in no more bytes than a name may have.
func shorten(name, suffix string) string {
	const most = 255
	if len(name)+len(suffix) > most {
		name = strings.ToValidUTF8(name[:most-len(suffix)], "")
	}
	return name + suffix
}

func (r *Room) check(p *harrier.Policy) error {
	if _, known := r.Template(p.Template); !known {
		return harrier.Invalidf("template", "no template %q", p.Template)
	}
	return p.Check()
}

// clone returns p with maps and lists of its own.
func clone(p harrier.Policy) harrier.Policy {
	p.Grants = slices.Clone(p.Grants)
	p.Preferences = maps.Clone(p.Preferences)
	p.Checks.Families = maps.Clone(p.Checks.Families)
	p.Checks.Single = maps.Clone(p.Checks.Single)
	p.Settings.PingPorts = slices.Clone(p.Settings.PingPorts)
	p.Settings.UDPPingPorts = slices.Clone(p.Settings.UDPPingPorts)
	p.Audits = slices.Clone(p.Audits)
	p.Credentials = slices.Clone(p.Credentials)
	for i := range p.Credentials {
		p.Credentials[i].Fields = maps.Clone(p.Credentials[i].Fields)
	}
	return p
}

func (r *Room) audit(ctx context.Context, by harrier.Actor, action string, id harrier.ID, detail string) error {
	return r.store.AppendAudit(ctx, &harrier.AuditEntry{
		At: r.now(), Actor: by.Name, Via: by.Via, Action: action, Object: fmt.Sprintf("policy %d", id), Detail: detail,
	})
}

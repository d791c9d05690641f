package nexpose

import (
	"context"
	"net/netip"
	"slices"
	"strings"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/asset"
)

// groupCommands are those of devices and asset groups. A group is an asset list
// of the model: one of addresses is static, all others are dynamic.
//
// Source: section 6.
func (a *api) groupCommands() {
	a.add("AssetGroupConfig", a.assetGroupConfig)
	a.change("AssetGroupDelete", a.assetGroupDelete)
	a.add("AssetGroupListing", a.assetGroupListing)
	a.change("AssetGroupSave", a.assetGroupSave)
	a.add("DeviceDelete", a.deviceDelete)
}

func (a *api) deviceDelete(c *call) (answer, error) {
	id, err := c.req.id("device-id")
	if err != nil {
		return answer{}, err
	}
	return done(), a.Findings.DeleteAssets(c.ctx(), c.by, id)
}

// staticList is the kind of an asset list that is a list of addresses.
const staticList = "static"

func (a *api) assetGroupListing(c *call) (answer, error) {
	lists, err := a.AssetLists.All(c.ctx(), c.by)
	if err != nil {
		return answer{}, err
	}
	total := make([]float64, len(lists))
	for i, l := range lists {
		if total[i], _, err = a.listScores(c.ctx(), c.by, l); err != nil {
			return answer{}, err
		}
	}
	return list(func(o *out) {
		for i, l := range lists {
			o.empty("AssetGroupSummary", "id", ident(l.ID), "name", l.Name, "description", l.Description, "riskscore", float(total[i]), "dynamic", digit(l.Kind != staticList))
		}
	}), nil
}

// listScores are the risk scores of a list and of its assets.
func (a *api) listScores(ctx context.Context, by harrier.Actor, l harrier.AssetList) (total float64, of map[harrier.ID]float64, err error) {
	of = map[harrier.ID]float64{}
	within, err := a.AssetLists.Members(ctx, by, l.ID)
	if err != nil || !by.May(harrier.ReadFindings) {
		return 0, of, err
	}
	open := harrier.And{within, harrier.Cmp{Field: "open", Op: harrier.Eq, Values: []any{true}}}
	sums, err := a.Findings.Sums(ctx, by, open, harrier.SumQuery{By: harrier.ByAsset})
	for _, s := range sums.Rows {
		of[s.ID] = float64(s.Score())
		total += of[s.ID]
	}
	return total, of, err
}

func (a *api) assetGroupConfig(c *call) (answer, error) {
	id, err := c.req.id("group-id")
	if err != nil {
		return answer{}, err
	}
	l, err := a.AssetLists.List(c.ctx(), c.by, id)
	if err != nil {
		return answer{}, err
	}
	total, scores, err := a.listScores(c.ctx(), c.by, l)
	if err != nil {
		return answer{}, err
	}
	within, err := a.AssetLists.Members(c.ctx(), c.by, id)
	if err != nil {
		return answer{}, err
	}
	devices, _, err := a.Assets.Assets(c.ctx(), c.by, within, asset.Page{Sort: "id"})
	if err != nil {
		return answer{}, err
	}
	places, err := a.sitesOf(c.ctx(), c.by, devices)
	if err != nil {
		return answer{}, err
	}
	members, err := a.membersOf(c.ctx(), c.by, id)
	if err != nil {
		return answer{}, err
	}
	tags, err := a.Tags.On(c.ctx(), c.by, harrier.OnList, id)
	if err != nil {
		return answer{}, err
	}
	return list(func(o *out) {
		o.start("AssetGroup", "id", ident(l.ID), "name", l.Name, "description", l.Description, "riskscore", float(total))
		o.leaf("Description", l.Description)
		o.start("Users")
		for _, u := range members {
			o.empty("user", "id", ident(u.ID))
		}
		o.end()
		o.start("Devices")
		for _, d := range devices {
			site := harrier.ID(0) // when it is of none that is to be seen
			if of := places[d.ID]; len(of) > 0 {
				site = of[0].ID
			}
			o.empty("device", "id", ident(d.ID), "site-id", ident(site), "address", placeOf(d.Addr, d.FQDN), "riskfactor", deviceFactor(d), "riskscore", float(scores[d.ID]))
		}
		o.end()
		writeTags(o, tags)
		o.end()
	}), nil
}

// deviceFactor is the importance of an asset as the API has it.
func deviceFactor(d harrier.Asset) string {
	if d.Importance == 0 {
		return "1.0"
	}
	return float(float64(d.Importance) / 100)
}

// sitesOf are the sites that by sees and whose scans saw devices, by device and
// rising ID.
func (a *api) sitesOf(ctx context.Context, by harrier.Actor, devices []harrier.Asset) (map[harrier.ID][]harrier.Site, error) {
	ids := make([]harrier.ID, len(devices))
	for i, d := range devices {
		ids[i] = d.ID
	}
	facts, err := a.Assets.Facts(ctx, by, ids)
	if err != nil {
		return nil, err
	}
	sites, err := a.Sites.Sites(ctx, by)
	if err != nil {
		return nil, err
	}
	out := map[harrier.ID][]harrier.Site{}
	for id, f := range facts {
		for _, s := range sites {
			if slices.Contains(f.Sites, s.ID) {
				out[id] = append(out[id], s)
			}
		}
	}
	return out, nil
}

func (a *api) assetGroupSave(c *call) (answer, error) {
	g := c.req.child("AssetGroup")
	if g == nil {
		return answer{}, harrier.Invalidf("AssetGroup", "is missing")
	}
	id, err := g.id("id")
	if err != nil {
		return answer{}, err
	}
	l := harrier.AssetList{Kind: staticList}
	if id != -1 {
		if l, err = a.AssetLists.List(c.ctx(), c.by, id); err != nil {
			return answer{}, err
		}
		if l.Kind != staticList {
			return answer{}, harrier.Errorf(harrier.Conflict, "asset group %d is dynamic: its rule says what it holds", id)
		}
	}
	l.Name = g.attr("name")
	l.Description = g.attr("description")
	if text := g.child("Description").content(); text != "" {
		l.Description = text
	}
	if l.Definition, err = a.addresses(c, g.child("Devices")); err != nil {
		return answer{}, err
	}
	people, given, err := a.named(c, g)
	if err != nil {
		return answer{}, err
	}
	if id == -1 {
		err = a.AssetLists.Create(c.ctx(), c.by, &l)
	} else {
		err = a.AssetLists.Update(c.ctx(), c.by, &l)
	}
	if err == nil && given {
		err = a.setMembers(c.ctx(), c.by, l.ID, people)
	}
	if err == nil {
		err = a.setTags(c.ctx(), c.by, harrier.OnList, l.ID, g.child("Tags"))
	}
	return answer{attrs: []string{"group-id", ident(l.ID)}}, err
}

// addresses are those of the devices that an element names.
func (a *api) addresses(c *call, devices *element) (string, error) {
	var list []string
	for _, d := range devices.all("device") {
		id, err := d.id("id")
		if err != nil {
			return "", err
		}
		known, err := a.Assets.Asset(c.ctx(), c.by, id)
		if err != nil {
			return "", err
		}
		if known.Addr.IsValid() { // lists are of addresses
			list = append(list, known.Addr.String())
		}
	}
	slices.Sort(list)
	return strings.Join(slices.Compact(list), ","), nil
}

// named are the users that an element of a group names; given is false when it
// says nothing of users.
func (a *api) named(c *call, g *element) (people []harrier.ID, given bool, err error) {
	users := g.child("Users")
	for _, e := range users.all("user") {
		id, err := e.id("id")
		if err != nil {
			return nil, true, err
		}
		if _, err := a.Identity.User(c.ctx(), c.by, id); err != nil {
			return nil, true, err
		}
		people = append(people, id)
	}
	return people, users != nil, nil
}

func (a *api) assetGroupDelete(c *call) (answer, error) {
	id, err := c.req.id("group-id")
	if err != nil {
		return answer{}, err
	}
	l, err := a.AssetLists.List(c.ctx(), c.by, id)
	if err != nil {
		return answer{}, err
	}
	if !a.AssetLists.Edits(c.by, l) {
		return answer{}, harrier.Errorf(harrier.Forbidden, "you may not delete asset group %d", id)
	}
	if err := a.withdraw(c.ctx(), c.by, id); err != nil {
		return answer{}, err
	}
	return done(), a.AssetLists.Delete(c.ctx(), c.by, id)
}

// placeOf is the address of a device, and its name where it has none, as a domain
// of an attack surface.
func placeOf(a netip.Addr, name string) string {
	if !a.IsValid() {
		return name
	}
	return a.WithZone("").String()
}

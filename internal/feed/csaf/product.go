package csaf

import (
	"slices"
	"strings"
)

// Item is a product as the tree tells it: its own name and helpers, and the
// names of the branches above it.
type Item struct {
	ID      string
	Name    string // of the product: "openssl-1:3.0.7-27.el9.x86_64", "FortiOS"
	CPE     string // as published, either form; "" when not told
	PURL    string
	Vendor  string // from the branches above, each "" when there is none
	Family  string
	Product string
	Version string // name of a branch of one version
	Range   string // name of a branch of a range of versions
	Arch    string
	// Of is what it is a component of: a module, a repository, a platform, and so
	// on outwards. The last is the platform.
	Of []Item
}

// Platform is the outermost product that contains it; itself when it is no
// component.
func (i Item) Platform() Item {
	if len(i.Of) == 0 {
		return i
	}
	return i.Of[len(i.Of)-1]
}

type branch struct {
	Category string   `json:"category"`
	Name     string   `json:"name"`
	Product  *product `json:"product"`
	Branches []branch `json:"branches"`
}

type product struct {
	ID     string `json:"product_id"`
	Name   string `json:"name"`
	Helper struct {
		CPE  string `json:"cpe"`
		PURL string `json:"purl"`
	} `json:"product_identification_helper"`
}

type relationship struct {
	Category string  `json:"category"`
	Product  product `json:"full_product_name"`
	Part     string  `json:"product_reference"`
	Of       string  `json:"relates_to_product_reference"`
}

type link struct{ part, of string }

// read takes over the tree, and puts the products of groups in their place.
func (d *Document) read(w *published) {
	d.products, d.links = map[string][]Item{}, map[string]link{}
	for _, p := range w.Tree.FullNames {
		d.add(p, Item{})
	}
	d.walk(w.Tree.Branches, Item{}, 0)
	for _, r := range w.Tree.Relationships {
		switch r.Category {
		case "default_component_of", "optional_component_of", "external_component_of", "installed_on", "installed_with":
			if r.Product.ID != "" && r.Part != "" && r.Of != "" {
				d.links[r.Product.ID] = link{r.Part, r.Of}
			}
		}
	}
	if len(w.Tree.Groups) == 0 {
		return
	}
	groups := map[string][]string{}
	for _, g := range w.Tree.Groups {
		groups[g.ID] = append(groups[g.ID], g.Products...)
	}
	left := maxMembers
	members := func(group string) []string {
		if left -= len(groups[group]); left < 0 {
			return nil
		}
		return groups[group]
	}
	for i := range d.Vulnerabilities {
		v := &d.Vulnerabilities[i]
		for j, f := range v.Flags {
			for _, g := range f.Groups {
				v.Flags[j].Products = append(v.Flags[j].Products, members(g)...)
			}
		}
		for j, r := range v.Remediations {
			for _, g := range r.Groups {
				v.Remediations[j].Products = append(v.Remediations[j].Products, members(g)...)
			}
		}
	}
}

func (d *Document) walk(branches []branch, above Item, depth int) {
	if depth > maxDepth {
		return
	}
	for i := range branches {
		b := &branches[i]
		here := above
		switch b.Category {
		case "vendor":
			here.Vendor = b.Name
		case "product_family":
			here.Family = b.Name
		case "product_name", "product": // "product" is what one publisher writes
			here.Product = b.Name
		case "product_version", "service_pack", "patch_level":
			here.Version = b.Name
		case "product_version_range":
			here.Range = b.Name
		case "architecture":
			here.Arch = b.Name
		}
		if b.Product != nil {
			d.add(*b.Product, here)
		}
		d.walk(b.Branches, here, depth+1)
	}
}

func (d *Document) add(p product, here Item) {
	if p.ID == "" || len(d.products[p.ID]) >= maxSame {
		return
	}
	here.ID, here.Name = p.ID, strings.TrimSpace(p.Name)
	here.CPE, here.PURL = p.Helper.CPE, p.Helper.PURL
	d.products[p.ID] = append(d.products[p.ID], here)
}

// Items are the products that an id names; usually one, none when the tree does
// not have it.
func (d *Document) Items(id string) []Item { return d.items(id, 0) }

func (d *Document) items(id string, depth int) []Item {
	l, ok := d.links[id]
	if !ok {
		return d.products[id]
	}
	if depth >= maxChain {
		return nil
	}
	parts, of := d.items(l.part, depth+1), d.items(l.of, depth+1)
	if len(parts) == 0 || len(of) == 0 {
		return parts
	}
	out := make([]Item, 0, len(parts))
	for _, p := range parts {
		p.ID = id
		whole := of[0]
		whole.Of = nil
		p.Of = slices.Concat(p.Of, []Item{whole}, of[0].Of)
		out = append(out, p)
	}
	return out
}

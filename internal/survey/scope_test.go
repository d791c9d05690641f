package survey

import (
	"net/netip"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/surface"
)

// TestNarrow: who may see some assets of a site sees of its surface what follows
// from those, and no other name, address, service, page or link; what is kept for
// all stays whole.
func TestNarrow(t *testing.T) {
	node := func(kind harrier.NodeKind, key string) harrier.Node { return harrier.Node{Kind: kind, Key: key} }
	root := harrier.Node{Kind: harrier.NodeRoot}
	name := func(key string) harrier.Node { return node(harrier.NodeDomain, key) }
	addr := func(key string) harrier.Node { return harrier.AddrNode(netip.MustParseAddr(key)) }
	service := func(key string) harrier.Node { return node(harrier.NodeService, key) }
	page := func(key string) harrier.Node { return node(harrier.NodeURL, key) }
	soft := func(key string) harrier.Node { return node(harrier.NodeComponent, key) }
	v := &View{Scan: harrier.Scan{ID: 1}, Scans: []harrier.Scan{{ID: 1}}, nodes: map[harrier.Node]*harrier.SurfaceNode{}, byID: map[harrier.ID]*harrier.SurfaceNode{}}
	var nodes []harrier.SurfaceNode
	id := func(n harrier.Node) harrier.ID {
		for _, have := range nodes {
			if have.Node == n {
				return have.ID
			}
		}
		nodes = append(nodes, harrier.SurfaceNode{ID: harrier.ID(len(nodes) + 1), Node: n})
		return harrier.ID(len(nodes))
	}
	for _, l := range []struct {
		from harrier.Node
		link harrier.Link
		to   harrier.Node
	}{
		{root, harrier.LinkSeeded, name("acme.test")},
		{name("acme.test"), harrier.LinkChild, name("open.acme.test")},
		{name("acme.test"), harrier.LinkChild, name("secret.acme.test")},
		{name("open.acme.test"), harrier.LinkA, addr("192.0.2.1")},
		{name("open.acme.test"), harrier.LinkCNAME, name("edge.cdn.test")},
		{name("secret.acme.test"), harrier.LinkA, addr("192.0.2.2")},
		{addr("192.0.2.1"), harrier.LinkHosts, service("192.0.2.1:443/tcp")},
		{service("192.0.2.1:443/tcp"), harrier.LinkHosts, page("https://open.acme.test/")},
		{service("192.0.2.1:443/tcp"), harrier.LinkHosts, page("https://secret.acme.test/")},
		{service("192.0.2.1:443/tcp"), harrier.LinkUsesComponent, soft("urn:component:server:a")},
		{page("https://open.acme.test/"), harrier.LinkRedirect, page("https://secret.acme.test/")},
		{addr("192.0.2.2"), harrier.LinkHosts, service("192.0.2.2:443/tcp")},
		{service("192.0.2.2:443/tcp"), harrier.LinkUsesComponent, soft("urn:component:server:b")},
	} {
		v.links = append(v.links, harrier.SurfaceLink{From: id(l.from), To: id(l.to), Link: l.link, FirstScan: 1, LastScan: 1})
	}
	v.graph = surface.Of(nodes, v.links, 1, nil)
	for i := range nodes {
		v.nodes[nodes[i].Node], v.byID[nodes[i].ID] = &nodes[i], &nodes[i]
	}
	v.index()
	v.history()
	if !v.Own(name("secret.acme.test")) || !v.Own(addr("192.0.2.2")) || v.Own(name("edge.cdn.test")) {
		t.Fatal("the surface is not the one that is meant")
	}

	some := *v
	some.narrow([]harrier.Asset{{FQDN: "open.acme.test"}, {Addr: netip.MustParseAddr("192.0.2.1"), FQDN: "secret.acme.test"}})
	var got []string
	for _, n := range nodes {
		if some.Has(n.Node) {
			got = append(got, n.Node.Key)
		}
		if !v.Has(n.Node) {
			t.Errorf("the whole has no %s any more", n.Node)
		}
	}
	want := []string{"", "open.acme.test", "192.0.2.1", "edge.cdn.test", "192.0.2.1:443/tcp", "https://open.acme.test/", "urn:component:server:a"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("seen (-want +got):\n%s", diff)
	}
	for what, list := range map[string][]harrier.Node{
		"names": some.Of(harrier.NodeDomain, true), "pages": some.To(service("192.0.2.1:443/tcp"), harrier.LinkHosts), "redirects": some.To(page("https://open.acme.test/"), harrier.LinkRedirect),
		"parents": some.From(name("open.acme.test"), harrier.LinkChild),
	} {
		for _, n := range list {
			if !some.Has(n) {
				t.Errorf("%s tell of %s", what, n)
			}
		}
	}
	if _, ok := some.Link(root, harrier.LinkSeeded, name("acme.test")); ok {
		t.Error("the link to a seed out of sight is told of")
	}
	if l, ok := v.Link(name("open.acme.test"), harrier.LinkA, addr("192.0.2.1")); !ok || l.Link != harrier.LinkA {
		t.Errorf("the link of an address: %+v, %t", l, ok)
	}
	if n, all := some.Stats(1).Added[harrier.NodeDomain], v.Stats(1).Added[harrier.NodeDomain]; n != 2 || all != 4 {
		t.Errorf("names that appeared: %d of %d; want 2 of 4", n, all)
	}
	out := &LinkChanges{}
	comparison{View: &some, from: -1, to: 0, out: out}.links()
	for _, l := range out.Added {
		if !some.Has(l.From.Node) || !some.Has(l.To.Node) {
			t.Errorf("a change from %s to %s", l.From.Node, l.To.Node)
		}
	}
	if len(out.Added) != 5 {
		t.Errorf("%d changes; want 5", len(out.Added))
	}
}

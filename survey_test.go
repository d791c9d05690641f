package harrier_test

import (
	"maps"
	"slices"
	"testing"

	"github.com/harrier-scan/harrier"
)

// TestGoneLinks: what a survey did not see is gone, but for what it could not
// ask and what hangs on that.
func TestGoneLinks(t *testing.T) {
	const root, seed, name, addr, page, far harrier.ID = 1, 2, 3, 4, 5, 6
	const before, now harrier.ID = 7, 8
	link := func(id, from, to, last harrier.ID, how string) harrier.SurfaceLink {
		return harrier.SurfaceLink{ID: id, From: from, To: to, How: how, FirstScan: before, LastScan: last}
	}
	links := []harrier.SurfaceLink{
		link(10, root, seed, now, "seed"), link(11, seed, name, before, "wordlist"), link(12, name, addr, before, "dns"),
		link(13, addr, page, before, "web"), link(14, page, far, before, "link"), link(15, seed, far, before, "ct"), link(16, seed, addr, now, "dns"),
	}
	over := link(17, seed, page, before, "dns")
	over.EndedScan = before
	links = append(links, over)
	for _, tc := range []struct {
		name string
		says map[harrier.ID]string // attribute by node
		by   harrier.ID            // the scan that said so
		gone []harrier.ID
	}{
		{"all was asked", nil, now, []harrier.ID{11, 12, 13, 14, 15}},
		{"the survey was limited", map[harrier.ID]string{root: harrier.SurveyLimited}, now, nil},
		{"a name was asked in vain", map[harrier.ID]string{name: harrier.NodeUnasked}, now, []harrier.ID{13, 14, 15}},
		{"a name was asked in vain before", map[harrier.ID]string{name: harrier.NodeUnasked}, before, []harrier.ID{11, 12, 13, 14, 15}},
		{"nobody knows the seed", map[harrier.ID]string{seed: harrier.NodeUnresolved}, now, []harrier.ID{13, 14}},
		{"a web port was silent", map[harrier.ID]string{addr: harrier.NodeSilent}, now, []harrier.ID{11, 12, 15}},
		{"a source did not answer", map[harrier.ID]string{root: harrier.SurveyUnheard}, now, []harrier.ID{11, 12, 13, 14}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var nodes []harrier.SurfaceNode
			for id, kind := range map[harrier.ID]harrier.NodeKind{root: harrier.NodeRoot, seed: harrier.NodeDomain, name: harrier.NodeDomain, addr: harrier.NodeIPv4, page: harrier.NodeURL, far: harrier.NodeDomain} {
				n := harrier.SurfaceNode{ID: id, Node: harrier.Node{Kind: kind}, ToldScan: now, Attributes: map[string][]string{}}
				if id == root && tc.says[id] != harrier.SurveyLimited {
					n.Attributes[harrier.Surveyed] = []string{"true"}
				}
				if says := tc.says[id]; says != "" {
					n.Attributes[says] = []string{"ct"}
					n.ToldScan = tc.by
				}
				nodes = append(nodes, n)
			}
			if got := slices.Sorted(maps.Keys(harrier.GoneLinks(nodes, links, now))); !slices.Equal(got, tc.gone) {
				t.Errorf("gone are %v; want %v", got, tc.gone)
			}
		})
	}
}

package picture

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/harrier-scan/harrier/internal/surface"
)

func TestSVG(t *testing.T) {
	g := surface.NewGraph(nil)
	seed := surface.Node{Kind: surface.Domain, Key: "acme.test"}
	g.Add(surface.Fact{From: surface.Node{Kind: surface.Root}, Link: surface.Seeded, Node: seed, How: "seed"})
	for i := range Most + 20 {
		n := surface.Node{Kind: surface.Domain, Key: fmt.Sprintf("n%03d.acme.test", i)}
		g.Add(surface.Fact{From: seed, Link: surface.Child, Node: n, How: "wordlist"})
		g.Add(surface.Fact{From: n, Link: surface.A, Node: surface.Node{Kind: surface.IPv4, Key: fmt.Sprintf("192.0.2.%d", i%200)}, How: "dns"})
	}
	g.Add(surface.Fact{From: seed, Link: surface.Hosts, Node: surface.Node{Kind: surface.URL, Key: "http://acme.test/<script>&"}, How: "web"})
	var b strings.Builder
	if err := SVG(&b, g); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"acme.test", "192.0.2.7", "and 21 more", "&lt;script&gt;", "DNS_A"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("the picture lacks %q", want)
		}
	}
	dec := xml.NewDecoder(strings.NewReader(b.String()))
	for {
		if _, err := dec.Token(); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatalf("the picture is no XML: %v", err)
		}
	}
}

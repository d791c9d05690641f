package surface

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"strings"

	"github.com/harrier-scan/harrier"
)

// WebAnswer is what a web server said.
type WebAnswer struct {
	Path   string // that was asked for, with its query
	Status int
	Header http.Header
	Body   []byte
}

// WebServer answers for an own name.
type WebServer struct {
	At   netip.AddrPort
	Name string // by which it is to be asked: at the same address others may have sites, too
	TLS  bool
	// Technologies are those of its front page.
	Technologies []harrier.Technology
	Dial         func(ctx context.Context, network string, to netip.AddrPort) (net.Conn, error) // leads to At alone
}

// Exam is what came of looking for something at a web server.
type Exam struct {
	Looked []harrier.VulnID      // what could be told, whether it is there or not
	Found  []harrier.Observation // what is there; Vulnerability and Evidence count
}

// Attributes of a page by which an exam and technologies are kept.
const (
	AttrLooked       = "looked"       // numbers of what was looked for at the server
	AttrFound        = "found"        // number and evidence of what is there
	AttrTechnologies = "technologies" // harrier.Technology in JSON
)

var errElsewhere = errors.New("an exam asks no other server")

// examine has the server of a front page looked at.
func (s *site) examine(ctx context.Context, front Node) {
	if s.d.o.Examine == nil {
		return
	}
	x := s.d.o.Examine(ctx, WebServer{At: s.at, Name: s.host, TLS: s.tls, Technologies: s.made, Dial: func(ctx context.Context, network string, to netip.AddrPort) (net.Conn, error) {
		if to != s.at || network != "tcp" {
			return nil, errElsewhere
		}
		return s.d.dial(ctx, to)
	}})
	var looked, found []string
	for _, id := range x.Looked {
		looked = append(looked, fmt.Sprint(id))
	}
	for _, o := range x.Found {
		text := fmt.Sprintf("%d %s", o.Vulnerability, o.Evidence)
		found = append(found, strings.ToValidUTF8(text[:min(len(text), maxValue)], ""))
	}
	if ctx.Err() == nil {
		s.d.attribute(front, "web", AttrLooked, looked...)
		s.d.attribute(front, "web", AttrFound, found...)
	}
}

// technologies notes what a page is made of.
func (s *site) technologies(n Node, a WebAnswer) {
	if s.d.o.Technologies == nil {
		return
	}
	var told []string
	list := s.d.o.Technologies(a)
	if a.Path == "/" {
		s.made = list
	}
	for _, t := range list {
		if t.Version == "" || strings.HasPrefix(t.Evidence, "cookie ") || strings.Contains(t.Evidence, ": cookie ") {
			t.Evidence = "" // a session's number is another one each time
		}
		text, err := json.Marshal(t)
		key := componentKey(t.Name, t.Version)
		if err != nil || len(text) > maxValue || key == "" {
			continue
		}
		told = append(told, string(text))
		c := Node{Kind: Component, Key: key}
		s.d.link(n, UsesComponent, c, "web", nil)
		for name, value := range map[string]string{"name": t.Name, "version": t.Version, "cpe": t.CPE} {
			s.d.attribute(c, "web", name, value)
		}
	}
	s.d.attribute(n, "web", AttrTechnologies, told...)
}

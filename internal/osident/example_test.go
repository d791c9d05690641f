package osident

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/harrier-scan/harrier/internal/oui"
)

// Every mark fits its own example, in a source that it holds for.
func TestMarks(t *testing.T) {
	for _, m := range marks {
		source := "BANNER"
		if m.only != "" {
			source, _, _ = strings.Cut(m.only, " ")
			if m.only == titles {
				source = titles
			}
		}
		found := slices.ContainsFunc(fromText(source, m.example, 100), func(s sign) bool {
			return s.system == m.system && s.device == m.device && s.version == m.told && s.weight <= m.weight
		})
		if m.example == "" || !found {
			t.Errorf("mark %q: its example %q told %+v; want it and version %q", m.text, m.example, fromText(source, m.example, 100), m.told)
		}
		if m.system != "" && systems[m.system].name == "" || m.system == "" && m.device == "" && m.weight > 1 {
			t.Errorf("mark %q names the system %q and the device %q", m.text, m.system, m.device)
		}
	}
}

func TestPackages(t *testing.T) {
	for _, p := range packages {
		found := slices.ContainsFunc(fromPackage("SSH", p.example, 100), func(s sign) bool { return s.system == p.system && s.version == p.told })
		if !found {
			t.Errorf("%s: its example %q told %+v; want version %q", p.pattern, p.example, fromPackage("SSH", p.example, 100), p.told)
		}
	}
	for _, text := range []string{"OpenSSH_9.2p1", "nginx/1.25.3", "ELF.elements", "1.2.3+build1", "deb12u", "fcgi.fc", "a-b+bad"} {
		if got := fromPackage("HTTP", text, 100); len(got) > 0 {
			t.Errorf("%q told %+v; want nothing", text, got)
		}
	}
}

// What a signature gives as an example is recognised as its system.
func TestSignatures(t *testing.T) {
	for _, g := range signatures {
		if len(g.fits) == 0 {
			t.Errorf("the signature of %s%s has no example", g.system, g.device)
		}
		for _, s := range g.fits {
			best := bestSignature(&s)
			if best == nil || best.system != g.system || best.device != g.device || best.era != g.era {
				t.Errorf("%s: told %+v; want %s%s, %s", describe(&s), best, g.system, g.device, g.era)
			}
		}
	}
	// No stack is of two families with the same weight.
	for _, g := range signatures {
		for _, s := range g.fits {
			for _, other := range signatures {
				if other.match(&s) && other.weight == g.weight && root(other.system) != root(g.system) {
					t.Errorf("%s is %s and %s", describe(&s), g.system, other.system)
				}
			}
		}
	}
}

// All tables speak of systems and classes that there are.
func TestTables(t *testing.T) {
	known := func(where, system, device string) {
		if system != "" && systems[system].name == "" {
			t.Errorf("%s names the system %q", where, system)
		}
		if _, ok := classes[device]; device != "" && !ok {
			t.Errorf("%s names the class %q", where, device)
		}
	}
	for k, s := range systems {
		known(k, s.parent, s.device)
		for _, kin := range s.kin {
			known(k, kin, "")
		}
	}
	for _, m := range marks {
		known(m.text, m.system, m.device)
	}
	for _, p := range packages {
		known(p.pattern, p.system, "")
	}
	for _, h := range hints {
		known(h.word, h.system, "")
	}
	for _, g := range signatures {
		known("a signature", g.system, g.device)
	}
	for _, m := range makers {
		known(m.name, m.system, m.device)
	}
	for _, p := range patterns {
		known(p.text(), p.system, p.device)
	}
	for word, class := range others {
		known(word, "", class)
	}
	for class, fragile := range classes {
		if fragile && spoken[class] == "" {
			t.Errorf("the class %s has no words", class)
		}
	}
}

// Every maker is in the listing, so that a name that is written in another way
// is noticed.
func TestMakers(t *testing.T) {
	var names bytes.Buffer
	for _, v := range oui.Vendors() {
		names.WriteString("\n" + strings.ToLower(v))
	}
	for _, m := range makers {
		if !strings.Contains(names.String(), "\n"+m.name) {
			t.Errorf("no vendor's name starts with %q", m.name)
		}
	}
}

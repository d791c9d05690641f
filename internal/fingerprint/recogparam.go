package fingerprint

import (
	"regexp"
	"strconv"
	"strings"

	"github.com/harrier-scan/harrier/internal/cpe"
)

// recogMaker makes matches of Recog's parameters.
type recogMaker struct {
	params    []param
	certainty int
}

// param is a value by name: fixed, of a group, or fixed with other parameters'
// values in braces.
type param struct {
	name   string
	group  int // 0: the text
	text   string
	braces [][]int // places in text, as of FindAllStringSubmatchIndex
}

var bracePattern = regexp.MustCompile(`\{([a-zA-Z0-9._-]+)\}`)

func newParam(name string, group int, text string) param {
	p := param{name: name, group: group, text: text}
	if group == 0 && strings.Contains(text, "{") {
		p.braces = bracePattern.FindAllStringSubmatchIndex(text, -1)
	}
	return p
}

// values returns what the parameters tell; those whose group took no part are
// not there.
func (m *recogMaker) values(g groups) map[string]string {
	out := make(map[string]string, len(m.params))
	for _, p := range m.params {
		if value := p.text; p.braces == nil {
			if p.group > 0 {
				value = g.get(p.group)
			}
			if value != "" {
				out[p.name] = value
			}
		}
	}
	for _, p := range m.params {
		if p.braces == nil {
			continue
		}
		if value, ok := p.fill(out); ok {
			out[p.name] = value
		}
	}
	return out
}

// fill puts values in the place of names in braces. A version that is not
// known is "-" in a CPE; anything else that is missing leaves nothing.
func (p param) fill(values map[string]string) (string, bool) {
	var b strings.Builder
	last := 0
	for _, at := range p.braces {
		name := p.text[at[2]:at[3]]
		value, ok := values[name]
		if cpe := strings.HasSuffix(p.name, "cpe23"); cpe && ok {
			value = uriValue(value)
		} else if cpe && strings.HasSuffix(name, "version") {
			value, ok = "-", true
		}
		if !ok {
			return "", false
		}
		b.WriteString(p.text[last:at[0]] + value)
		last = at[1]
	}
	return b.String() + p.text[last:], true
}

// uriValue writes a value so that it stays one part of a CPE in URI form.
func uriValue(s string) string {
	return strings.NewReplacer(":", "%3a", "/", "%2f", "%", "%25").Replace(s)
}

func (m *recogMaker) match(g groups) Match {
	v := m.values(g)
	take := func(name string) string {
		value := v[name]
		delete(v, name)
		return value
	}
	out := Match{
		Product: take("service.product"), Vendor: take("service.vendor"), Version: take("service.version"), CPE: cpe.FromURI(take("service.cpe23")),
		OS:        OS{Vendor: take("os.vendor"), Product: take("os.product"), Version: take("os.version"), Family: take("os.family"), CPE: cpe.FromURI(take("os.cpe23"))},
		Hardware:  Hardware{Vendor: take("hw.vendor"), Product: take("hw.product"), CPE: cpe.FromURI(take("hw.cpe23"))},
		Certainty: m.certainty,
	}
	for _, name := range []string{"hw.device", "os.device", "service.device"} {
		if class := deviceClass(take(name)); out.Hardware.Device == "" {
			out.Hardware.Device = class
		}
	}
	for i, name := range []string{"service.certainty", "os.certainty", "hw.certainty"} {
		c, err := strconv.ParseFloat(take(name), 64)
		if err == nil && c >= 0 && c <= 1 && (i == 0 || out.Product == "") {
			out.Certainty = int(c * 100)
		}
	}
	for name := range v {
		if strings.HasPrefix(name, "_tmp.") {
			delete(v, name)
		}
	}
	if len(v) > 0 {
		out.Facts = v
	}
	return out
}

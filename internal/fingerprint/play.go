package fingerprint

import "fmt"

// play matches every example of a set of one layer and returns what is wrong:
// each example must be won by its own rule and tell what it says.
func (s *Set) play() []error {
	var faults []error
	for _, l := range s.layers {
		for _, kind := range sortedKeys(l.kinds) {
			x := l.kinds[kind]
			for _, r := range x.rules {
				faults = append(faults, r.play(x)...)
			}
		}
	}
	return faults
}

func (r *rule) play(x *index) []error {
	var faults []error
	for _, e := range r.examples {
		if e.file != "" {
			faults = append(faults, wrong(r.file, e.line, "the file %.80q of an example is missing", e.file))
			continue
		}
		m, winner := x.first(bounded(e.text))
		switch {
		case winner == nil:
			faults = append(faults, wrong(r.file, e.line, "rule %s does not match its example %.80q", r.id, e.text))
		case winner != r:
			faults = append(faults, wrong(r.file, e.line, "the example %.80q of rule %s is won by %s", e.text, r.id, winner.id))
		default:
			say := func(name string) string { return saysOf(m, name) }
			if maker, ok := r.tells.(*recogMaker); ok {
				values := maker.values(r.groups(e.text))
				say = func(name string) string { return values[name] }
			}
			for _, name := range sortedKeys(e.want) {
				if got := say(name); got != e.want[name] {
					faults = append(faults, wrong(r.file, e.line, "rule %s tells %s %q of %.80q; the example says %q", r.id, name, got, e.text, e.want[name]))
				}
			}
		}
	}
	for _, text := range r.not {
		if _, ok := r.match(r.prepared(text)); ok {
			faults = append(faults, wrong(r.file, r.line, "rule %s matches %.80q, which it must not", r.id, text))
		}
	}
	return faults
}

// groups are the groups of the form of a text that the rule fits.
func (r *rule) groups(text string) groups {
	if prepared := r.prepared(text); r.re.MatchString(prepared) {
		text = prepared
	}
	return groups{text, r.re.FindStringSubmatchIndex(text)}
}

// saysOf is one thing that a match tells, by the names of examples.
func saysOf(m Match, name string) string {
	switch name {
	case "version":
		return m.Version
	case "os":
		return m.OS.Product
	case "device":
		return m.Hardware.Device
	case "cpe":
		return m.CPE
	}
	var key string
	if n, _ := fmt.Sscanf(name, "fact %s", &key); n == 1 {
		return m.Facts[key]
	}
	return ""
}

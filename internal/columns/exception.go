package columns

import (
	"math/bits"
	"strconv"
	"strings"
	"time"

	"github.com/harrier-scan/harrier"
)

// judged is what the exceptions in force make of findings. A nil one leaves
// them as they are.
type judged struct {
	segments []*judgedSegment // nil where no exception applies
	rules    map[uint32][]rule
}

type judgedSegment struct {
	severity         [segmentRows]uint8
	accepted, recast bitmap
}

// rule is an exception in force.
type rule struct {
	harrier.Exception
	all   bool
	hosts map[uint32]bool // the assets that it names, unless it is for all
}

func (r *rule) applies(a *asset, id uint32, p *place) bool {
	return (r.all || r.hosts[id]) && (r.Protocol == "" || string(r.Protocol) == p.protocol) &&
		(r.Port == "" || r.Port == strconv.Itoa(int(p.port))) && (r.Repository == 0 || a != nil && int64(r.Repository) == a.repository)
}

// severities returns the severities that the findings of a segment show at.
func (j *judged) severities(n int, s *segment) *[segmentRows]uint8 {
	if j != nil && j.segments[n] != nil {
		return &j.segments[n].severity
	}
	return &s.severity
}

func (j *judged) acceptedBits(n int, _ *segment) *bitmap {
	if j == nil || j.segments[n] == nil {
		return nil
	}
	return &j.segments[n].accepted
}

func (j *judged) recastBits(n int, _ *segment) *bitmap {
	if j == nil || j.segments[n] == nil {
		return nil
	}
	return &j.segments[n].recast
}

// judge applies the exceptions that are in force at an instant.
func (v *View) judge(at time.Time) *judged {
	rules := v.rulesAt(micros(at))
	if len(rules) == 0 {
		return nil
	}
	j := &judged{segments: make([]*judgedSegment, len(v.segments)), rules: rules}
	spoken := make([]uint8, len(v.vulns))
	for code := range rules {
		spoken[code] = 1
	}
	rows := v.pick(byCode{vulnColumn, spoken}).rows
	split(len(rows), 1, func(_, from, to int) {
		for n := from; n < to; n++ {
			if rows[n] != nil {
				j.segments[n] = v.judgeSegment(v.segments[n], rows[n], rules)
			}
		}
	})
	return j
}

func (v *View) judgeSegment(s *segment, rows *bitmap, rules map[uint32][]rule) *judgedSegment {
	var out *judgedSegment
	for w, word := range rows {
		for ; word != 0; word &= word - 1 {
			i := uint32(w<<6 | bits.TrailingZeros64(word))
			severity, accepted, recast := v.judgeRow(s, i, rules[s.vuln[i]])
			if accepted == 0 && recast == 0 {
				continue
			}
			if out == nil {
				out = &judgedSegment{severity: s.severity}
			}
			out.severity[i] = severity
			out.accepted.put(i, accepted != 0)
			out.recast.put(i, recast != 0)
		}
	}
	return out
}

// judgeRow returns how a finding shows. The last rule that applies wins.
func (v *View) judgeRow(s *segment, i uint32, rules []rule) (severity uint8, accepted, recast harrier.ID) {
	severity = s.severity[i]
	for n := range rules {
		switch r := &rules[n]; {
		case !r.applies(v.assets[s.asset[i]], s.asset[i], &v.places.list[s.place[i]]):
		case r.Hide:
			accepted = r.ID
		default:
			severity, accepted, recast = uint8(r.Recast), 0, r.ID
		}
	}
	return severity, accepted, recast
}

// rulesAt returns the exceptions in force by the code of their vulnerability.
func (v *View) rulesAt(at int64) map[uint32][]rule {
	out := map[uint32][]rule{}
	named := map[string][]*rule{} // by what they name
	var list []*rule
	for _, e := range v.exceptions {
		code, known := v.vulnAt[e.Vulnerability]
		if expires := micros(e.Expires); !known || e.State != harrier.InForce || expires != 0 && expires <= at {
			continue
		}
		r := &rule{Exception: e, all: e.Host == "", hosts: map[uint32]bool{}}
		for part := range strings.SplitSeq(e.Host, ",") {
			if part != "" {
				named[part] = append(named[part], r)
			}
		}
		out[code] = append(out[code], rule{})
		list = append(list, r)
	}
	if len(named) > 0 {
		for _, a := range v.assets {
			if a != nil {
				nameHosts(a, named, list)
			}
		}
	}
	filled := map[uint32]int{}
	for _, r := range list {
		code := v.vulnAt[r.Vulnerability]
		out[code][filled[code]] = *r
		filled[code]++
	}
	return out
}

func nameHosts(a *asset, named map[string][]*rule, all []*rule) {
	tell := func(name string) {
		if name == "" {
			return
		}
		for _, r := range named[name] {
			r.hosts[a.id] = true
		}
		if strings.Contains(name, ",") { // a name that is a list itself
			for _, r := range all {
				if strings.Contains(","+r.Host+",", ","+name+",") {
					r.hosts[a.id] = true
				}
			}
		}
	}
	tell(a.address())
	tell(a.fqdn)
	tell(a.netbios)
	tell(a.uuid.String())
	for _, n := range a.names {
		tell(n)
	}
}

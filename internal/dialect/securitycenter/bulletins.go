package securitycenter

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/harrier-scan/harrier"
)

// bulletins are a kind of names that vulnerabilities have beside CVEs.
type bulletins struct {
	key  string // of a record
	name *regexp.Regexp
}

var (
	iavm       = bulletins{"iavmID", regexp.MustCompile(`^(?:IAV[ABTM][-:])?20\d\d-[ABT]-\d{4}`)}
	msBulletin = bulletins{"msbulletinID", regexp.MustCompile(`^MS\d\d-\d{3}$`)}
	cce        = bulletins{"cceID", regexp.MustCompile(`^CCE-\d+`)}
)

// bulletin is one name, with what is to be said of it.
type bulletin struct {
	name   string
	counts harrier.Counts
}

// bulletins sums the findings up by the names of a kind that their
// vulnerabilities have, gravest first.
func (s *asked) bulletins(ctx context.Context, kind bulletins) ([]bulletin, error) {
	n, err := s.from.sums(ctx, s.expr, harrier.SumQuery{By: harrier.ByVulnerability})
	if err != nil {
		return nil, err
	}
	byName := map[string]*bulletin{}
	var out []bulletin
	for _, g := range n.Rows {
		for _, name := range s.definition(ctx, harrier.VulnID(g.ID)).Aliases {
			if !kind.name.MatchString(name) {
				continue
			}
			if byName[name] == nil {
				byName[name] = &bulletin{name: name}
			}
			for severity, count := range g.Counts {
				byName[name].counts[severity] += count
			}
		}
	}
	for _, b := range byName {
		out = append(out, *b)
	}
	slices.SortFunc(out, func(a, b bulletin) int {
		c := 0
		switch field := strings.ToLower(s.in.sort); {
		case field == "severity":
			c = cmp.Compare(a.severity(), b.severity())
		case field == "total":
			c = cmp.Compare(a.counts.Total(), b.counts.Total())
		case field == strings.ToLower(kind.key):
			c = cmp.Compare(a.name, b.name)
		}
		if s.in.desc {
			c = -c
		}
		return cmp.Or(c, -cmp.Compare(a.severity(), b.severity()), -cmp.Compare(a.counts.Total(), b.counts.Total()), cmp.Compare(a.name, b.name))
	})
	return out, nil
}

// severity is that of the gravest finding.
func (b bulletin) severity() harrier.Severity {
	for s := harrier.Critical; s > harrier.Info; s-- {
		if b.counts[s] > 0 {
			return s
		}
	}
	return harrier.Info
}

// holders returns the hosts with findings that have a name.
func (s *asked) holders(ctx context.Context, name string) ([]hostGroup, error) {
	quoted, err := json.Marshal(name)
	if err != nil {
		return nil, err
	}
	return s.hostsWith(ctx, eq("aliases", harrier.Contains, string(quoted)))
}

// sumBulletins is the tool sumiavm, summsbulletin or sumcce. The hosts of the
// names on the page are counted, and no others: each name is a question.
func sumBulletins(kind bulletins) func(*asked, context.Context) (rows, error) {
	return func(s *asked, ctx context.Context) (rows, error) {
		list, err := s.bulletins(ctx, kind)
		if err != nil {
			return rows{}, err
		}
		total, hosts := 0, 0
		for _, b := range list {
			total += b.counts.Total()
		}
		out := rows{total: len(list)}
		for _, b := range list[min(s.in.start, len(list)):min(s.in.end, len(list))] {
			groups, err := s.holders(ctx, b.name)
			if err != nil {
				return rows{}, err
			}
			with := 0
			for _, g := range groups {
				with += len(g.assets)
			}
			hosts += with
			out.list = append(out.list, map[string]any{
				kind.key: b.name, "severity": severityOf(b.severity()), "total": strconv.Itoa(b.counts.Total()), "hostTotal": strconv.Itoa(with),
			})
		}
		out.matching = fmt.Sprintf("%d:0:0:0:0:0:0:%d", total, hosts)
		return out, nil
	}
}

// bulletinHosts is the tool iavmipdetail or cceipdetail.
func bulletinHosts(kind bulletins) func(*asked, context.Context) (rows, error) {
	return func(s *asked, ctx context.Context) (rows, error) {
		list, err := s.bulletins(ctx, kind)
		if err != nil {
			return rows{}, err
		}
		out := rows{total: len(list), matching: strconv.Itoa(len(list))}
		for _, b := range list[min(s.in.start, len(list)):min(s.in.end, len(list))] {
			groups, err := s.holders(ctx, b.name)
			if err != nil {
				return rows{}, err
			}
			hosts := []hostsOfRepository{}
			for _, h := range groups {
				hosts = append(hosts, hostsOfRepository{RepositoryID: sid(h.repository), IPs: h.items()})
			}
			out.list = append(out.list, map[string]any{kind.key: b.name, "total": strconv.Itoa(b.counts.Total()), "hosts": hosts})
		}
		return out, nil
	}
}

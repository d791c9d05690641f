package nexpose

import (
	"context"
	"strconv"
	"strings"

	"github.com/harrier-scan/harrier"
	formatnexpose "github.com/harrier-scan/harrier/internal/format/nexpose"
)

// vulnerabilityCommands are the listing of everything that can be found and its
// details.
//
// Source: section 7.
func (a *api) vulnerabilityCommands() {
	a.add("VulnerabilityListing", a.listVulnerabilities)
	a.add("VulnerabilityDetails", a.vulnerabilityDetails)
}

// listVulnerabilities writes each as it is read: there can be some hundred
// thousand.
func (a *api) listVulnerabilities(c *call) (answer, error) {
	disturbing := map[harrier.VulnID]bool{}
	for _, check := range a.Vulns.Checks() {
		disturbing[check.ID] = !check.Safe
	}
	return list(func(o *out) {
		for _, v := range a.Vulns.All(c.ctx()) {
			o.empty("VulnerabilitySummary", vulnerabilityAttrs(v, !disturbing[v.ID])...)
		}
		for _, f := range a.Vulns.Families(c.ctx()) {
			_, lights, err := a.Vulns.Family(c.ctx(), f.ID)
			if err != nil {
				c.log.ErrorContext(c.ctx(), "family not listed", "family", f.Name, "err", err)
				continue
			}
			for _, l := range lights {
				if !l.ID.OfContent() {
					continue
				}
				if c.ctx().Err() != nil {
					return
				}
				if v, err := a.Vulns.Vulnerability(c.ctx(), l.ID); err == nil {
					o.empty("VulnerabilitySummary", vulnerabilityAttrs(v, true)...)
				}
			}
		}
	}), nil
}

func vulnerabilityAttrs(v harrier.Vulnerability, safe bool) []string {
	added, modified := formatnexpose.Added(v)
	attrs := []string{
		"id", formatnexpose.Slug(v), "title", v.Name, "severity", strconv.Itoa(v.SeverityScore()), "pciSeverity", strconv.Itoa(v.PCISeverity()),
		"cvssScore", formatnexpose.Score(v),
	}
	if vector := formatnexpose.Vector(v); vector != "" {
		attrs = append(attrs, "cvssVector", vector)
	}
	if !v.Published.IsZero() {
		attrs = append(attrs, "published", stamp(v.Published))
	}
	return append(attrs, "added", stamp(added), "modified", stamp(modified), "safe", word(safe), "requiresCredentials", word(false))
}

func (a *api) vulnerabilityDetails(c *call) (answer, error) {
	id := strings.ToLower(strings.TrimSpace(c.req.attr("vuln-id")))
	if id == "" {
		return answer{}, harrier.Invalidf("vuln-id", "is missing")
	}
	v, err := a.vulnerabilityOf(c.ctx(), id)
	if err != nil {
		return answer{}, err
	}
	safe := true
	for _, check := range a.Vulns.Checks() {
		if check.ID == v.ID {
			safe = check.Safe
		}
	}
	return list(func(o *out) {
		o.start("Vulnerability", vulnerabilityAttrs(v, safe)...)
		description := v.Description
		if description == "" {
			description = v.Synopsis
		}
		o.leaf("description", description)
		o.start("references")
		for _, r := range formatnexpose.References(v) {
			o.leaf("reference", r.Text, "source", r.Source)
		}
		o.end()
		o.leaf("solution", v.Solution)
		o.end()
	}), nil
}

// vulnerabilityOf finds what an id stands for. It answers NotFound.
func (a *api) vulnerabilityOf(ctx context.Context, id string) (harrier.Vulnerability, error) {
	if n, ok := formatnexpose.Number(id); ok {
		return a.Vulns.Vulnerability(ctx, n)
	}
	v, err := a.Vulns.BySlug(ctx, id)
	if harrier.KindOf(err) == harrier.NotFound {
		if upper, other := a.Vulns.BySlug(ctx, strings.ToUpper(id)); other == nil {
			return upper, nil
		}
		err = harrier.Errorf(harrier.NotFound, "no vulnerability %s", clip(id))
	}
	return v, err
}

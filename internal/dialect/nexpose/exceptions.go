package nexpose

import (
	"net/netip"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/harrier-scan/harrier"
	words "github.com/harrier-scan/harrier/internal/dialect/nexposewords"
)

// exceptionCommands are those of vulnerability exceptions.
//
// Source: section 11.3.
func (a *api) exceptionCommands() {
	a.add("PendingVulnExceptionsCount", a.pendingExceptions)
	a.add("VulnerabilityExceptionApprove", func(c *call) (answer, error) { return a.reviewException(c, true) })
	a.add("VulnerabilityExceptionCreate", a.exceptionCreate)
	a.add("VulnerabilityExceptionDelete", a.exceptionDelete)
	a.add("VulnerabilityExceptionListing", a.exceptionListing)
	a.add("VulnerabilityExceptionRecall", a.exceptionRecall)
	a.add("VulnerabilityExceptionReject", func(c *call) (answer, error) { return a.reviewException(c, false) })
	a.add("VulnerabilityExceptionResubmit", a.exceptionResubmit)
	a.add("VulnerabilityExceptionUpdateComment", a.exceptionComment)
	a.add("VulnerabilityExceptionUpdateExpirationDate", a.exceptionExpiry)
}

// What is kept of an exception beside the rule itself.
const (
	givenReason = words.GivenReason
	givenDevice = words.GivenDevice
	givenSite   = words.GivenSite
	givenKey    = words.GivenKey
)

// The scopes of an exception.
const (
	everywhere = words.Everywhere
	onDevice   = words.OnDevice
	inSite     = words.InSite
	instance   = words.Instance
)

// exceptionStates are the words for states. One that was recalled is gone for
// those who review.
var exceptionStates = map[harrier.ExceptionState]string{
	harrier.InForce: "Approved", harrier.UnderReview: "Under Review", harrier.Rejected: "Rejected", harrier.Recalled: "Deleted",
}

// reasonOf finds a reason in whatever case.
func reasonOf(s string) (string, error) {
	i := slices.IndexFunc(words.Reasons, func(r string) bool { return strings.EqualFold(r, strings.TrimSpace(s)) })
	if i < 0 {
		return "", harrier.Invalidf("reason", "%q is none of %s", clip(s), strings.Join(words.Reasons, ", "))
	}
	return words.Reasons[i], nil
}

// flaw finds a vulnerability by the id that the API shows.
func (a *api) flaw(c *call, id string) (harrier.Vulnerability, error) {
	return a.flawNamed(c.ctx(), id)
}

// flawWord is the id that the API shows for a vulnerability.
func (a *api) flawWord(id harrier.VulnID) string {
	if v, ok := a.Vulns.Lookup(id); ok && v.Slug != "" {
		return strings.ToLower(v.Slug)
	}
	return number(int64(id))
}

func (a *api) exceptionCreate(c *call) (answer, error) {
	e := harrier.Exception{Hide: true, Given: map[string]string{}}
	v, err := a.flaw(c, c.req.attr("vuln-id"))
	if err != nil {
		return answer{}, err
	}
	e.Vulnerability = v.ID
	if e.Given[givenReason], err = reasonOf(c.req.attr("reason")); err != nil {
		return answer{}, err
	}
	if err := a.scopeException(c, &e); err != nil {
		return answer{}, err
	}
	e.Reason = c.req.child("comment").content()
	err = a.Findings.Submit(c.ctx(), c.by, &e)
	return answer{attrs: []string{"exception-id", ident(e.ID)}}, err
}

// scopeException narrows e to what a request says.
func (a *api) scopeException(c *call, e *harrier.Exception) error {
	scope := c.req.attr("scope")
	switch {
	case strings.EqualFold(scope, everywhere):
		e.Given["scope"] = everywhere
	case strings.EqualFold(scope, onDevice), strings.EqualFold(scope, instance), strings.EqualFold(scope, "Specific Instance of a Specific Asset"):
		e.Given["scope"] = onDevice
		id, err := c.req.id("device-id")
		if err != nil {
			return err
		}
		d, err := a.Assets.Asset(c.ctx(), c.by, id)
		if err != nil {
			return err
		}
		e.Host, e.Scope, e.Repository, e.Given[givenDevice] = d.UUID.String(), "uuid", d.Repository, ident(id)
		if strings.EqualFold(scope, onDevice) {
			return nil
		}
		e.Given["scope"] = instance
		port, err := c.req.number("port-no", 0)
		if err != nil || port < 0 || port > 65535 {
			return harrier.Invalidf("port-no", "is no port")
		}
		e.Given[givenKey] = c.req.attr("vuln-key")
		if port == 0 && e.Given[givenKey] == "" {
			return harrier.Invalidf("port-no", "is missing")
		}
		if port > 0 {
			e.Port = strconv.Itoa(port)
		}
		if key := e.Given[givenKey]; key != "" {
			return words.OnlyKey(c.ctx(), a.Findings, c.by, e.Vulnerability, id, port, "vuln-key", key)
		}
	case strings.EqualFold(scope, inSite):
		e.Given["scope"] = inSite
		id, err := c.req.id("site-id")
		if err != nil {
			return err
		}
		e.Scope, e.Given[givenSite] = "uuid", ident(id)
		e.Host, err = a.devicesOfSite(c, id)
		return err
	default:
		return harrier.Invalidf("scope", "%q is none of those that exist", clip(scope))
	}
	return nil
}

// devicesOfSite names the assets that scans of a site have seen: a rule of the
// model names hosts, not sites, so it is for those that the site has when it is
// submitted.
func (a *api) devicesOfSite(c *call, site harrier.ID) (string, error) {
	s, err := a.Sites.Site(c.ctx(), c.by, site)
	if err != nil {
		return "", err
	}
	found, err := a.devicesOf(c.ctx(), c.by, s)
	if err != nil {
		return "", err
	}
	var names []string
	for _, d := range found {
		names = append(names, d.UUID.String())
	}
	if len(names) == 0 {
		return "", harrier.Errorf(harrier.Conflict, "site %d has no devices", site)
	}
	return strings.Join(names, ","), nil
}

func (a *api) exceptionListing(c *call) (answer, error) {
	all, err := a.Findings.Submissions(c.ctx(), c.by)
	if err != nil {
		return answer{}, err
	}
	status, since := c.req.attr("status"), time.Time{}
	if d := c.req.attr("time-duration"); d != "" {
		if since, err = before(a.Now(), d); err != nil {
			return answer{}, err
		}
	}
	names, err := a.Identity.Names(c.ctx())
	if err != nil {
		return answer{}, err
	}
	return list(func(o *out) {
		for _, e := range all {
			if state := exceptionStates[e.State]; !e.Hide || status != "" && !strings.EqualFold(state, status) || e.Created.Before(since) {
				continue
			}
			a.writeException(o, e, names)
		}
	}), nil
}

// wire is what the API says of an exception, also of one that another door made.
type wire struct{ scope, device, site, reason string }

func (a *api) wireOf(e harrier.Exception) wire {
	w := wire{e.Given["scope"], e.Given[givenDevice], e.Given[givenSite], e.Given[givenReason]}
	if w.reason == "" {
		w.reason = "Other"
	}
	if w.scope == "" {
		w.scope = everywhere
		if _, err := netip.ParseAddr(e.Host); err == nil || e.Host != "" {
			w.scope = onDevice
		}
		if e.Host != "" && e.Port != "" {
			w.scope = instance
		}
	}
	return w
}

func (a *api) writeException(o *out, e harrier.Exception, names map[harrier.ID]string) {
	w := a.wireOf(e)
	o.start("VulnerabilityException", "exception-id", ident(e.ID), "vuln-id", a.flawWord(e.Vulnerability), "vuln-key", e.Given[givenKey],
		"submitter", names[e.Owner], "reviewer", names[e.Reviewer], "status", exceptionStates[e.State], "reason", w.reason, "scope", w.scope)
	for _, p := range [][2]string{{"device-id", w.device}, {"site-id", w.site}, {"port-no", e.Port}, {"expiration-date", dayOf(e.Expires)}} {
		if p[1] != "" {
			o.attr(p[0], p[1])
		}
	}
	o.leaf("submitter-comment", e.Reason)
	o.leaf("reviewer-comment", e.Remark)
	o.end()
}

func dayOf(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.DateOnly)
}

func (a *api) reviewException(c *call, approve bool) (answer, error) {
	id, err := c.req.id("exception-id")
	if err != nil {
		return answer{}, err
	}
	return done(), a.Findings.Review(c.ctx(), c.by, id, approve, c.req.child("comment").content())
}

func (a *api) exceptionRecall(c *call) (answer, error) {
	id, err := c.req.id("exception-id")
	if err != nil {
		return answer{}, err
	}
	return done(), a.Findings.Recall(c.ctx(), c.by, id)
}

func (a *api) exceptionDelete(c *call) (answer, error) {
	id, err := c.req.id("exception-id")
	if err != nil {
		return answer{}, err
	}
	return done(), a.Findings.DeleteException(c.ctx(), c.by, id)
}

func (a *api) exceptionResubmit(c *call) (answer, error) {
	id, err := c.req.id("exception-id")
	if err != nil {
		return answer{}, err
	}
	reason := ""
	if s := c.req.attr("reason"); s != "" {
		if reason, err = reasonOf(s); err != nil {
			return answer{}, err
		}
	}
	return done(), a.Findings.Resubmit(c.ctx(), c.by, id, func(e *harrier.Exception) {
		if reason != "" {
			given := map[string]string{}
			for k, v := range e.Given {
				given[k] = v
			}
			given[givenReason] = reason
			e.Given = given
		}
		if text := c.req.child("comment").content(); text != "" {
			e.Reason = text
		}
	})
}

func (a *api) exceptionComment(c *call) (answer, error) {
	id, err := c.req.id("exception-id")
	if err != nil {
		return answer{}, err
	}
	submitter, reviewer := c.req.child("submitter-comment"), c.req.child("reviewer-comment")
	if submitter == nil && reviewer == nil {
		return answer{}, harrier.Invalidf("reviewer-comment", "is missing, and so is submitter-comment")
	}
	return done(), a.Findings.Annotate(c.ctx(), c.by, id, func(e *harrier.Exception) {
		if submitter != nil {
			e.Reason = submitter.content()
		}
		if reviewer != nil {
			e.Remark = reviewer.content()
		}
	})
}

func (a *api) exceptionExpiry(c *call) (answer, error) {
	id, err := c.req.id("exception-id")
	if err != nil {
		return answer{}, err
	}
	text := c.req.attr("expiration-date")
	t, ok := parseTime(text)
	if day, errD := time.Parse(time.DateOnly, strings.TrimSpace(text)); errD == nil {
		t, ok = day, true
	}
	if !ok {
		return answer{}, harrier.Invalidf("expiration-date", "%q is no date", clip(text))
	}
	return done(), a.Findings.Annotate(c.ctx(), c.by, id, func(e *harrier.Exception) { e.Expires = t })
}

func (a *api) pendingExceptions(c *call) (answer, error) {
	all, err := a.Findings.Submissions(c.ctx(), c.by)
	if err != nil {
		return answer{}, err
	}
	all = slices.DeleteFunc(all, func(e harrier.Exception) bool { return e.State != harrier.UnderReview })
	return list(func(o *out) {
		oldest := time.Time{}
		if len(all) > 0 {
			oldest = all[0].Created
		}
		o.empty("SiloVulnDetails", "siloId", theSilo, "oldestExceptionCreationDate", stamp(oldest), "pendingVulnExceptionsCount", number(len(all)))
	}), nil
}

var duration = regexp.MustCompile(`^P(?:(\d{1,4})Y)?(?:(\d{1,5})M)?(?:(\d{1,6})D)?(?:T(?:(\d{1,6})H)?(?:(\d{1,7})M)?(?:(\d{1,8})(?:\.\d+)?S)?)?$`)

// before is the time that lies an ISO 8601 duration before now.
func before(now time.Time, s string) (time.Time, error) {
	m := duration.FindStringSubmatch(strings.ToUpper(strings.TrimSpace(s)))
	if m == nil {
		return now, harrier.Invalidf("time-duration", "%q is no duration such as P30DT12H", clip(s))
	}
	n := make([]int, len(m))
	for i := 1; i < len(m); i++ {
		n[i], _ = strconv.Atoi(m[i]) // digits or nothing
	}
	return now.AddDate(-n[1], -n[2], -n[3]).Add(-time.Duration(n[4])*time.Hour - time.Duration(n[5])*time.Minute - time.Duration(n[6])*time.Second), nil
}

package apiv3

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/calendar"
	words "github.com/harrier-scan/harrier/internal/dialect/nexposewords"
)

// scheduleRoutes are the times at which a site is scanned by itself.
//
// Source: section 12, row 15.
func (a *api) scheduleRoutes() {
	a.handle("GET /sites/{id}/scan_schedules", a.listSchedules)
	a.handle("POST /sites/{id}/scan_schedules", a.createSchedule)
	a.handle("PUT /sites/{id}/scan_schedules", a.setSchedules)
	a.handle("DELETE /sites/{id}/scan_schedules", a.clearSchedules)
	a.handle("GET /sites/{id}/scan_schedules/{scheduleId}", a.getSchedule)
	a.handle("PUT /sites/{id}/scan_schedules/{scheduleId}", a.updateSchedule)
	a.handle("DELETE /sites/{id}/scan_schedules/{scheduleId}", a.deleteSchedule)
}

// repeatBody is how often something happens.
type repeatBody struct {
	Every    string `json:"every"`
	Interval int    `json:"interval"`
	Day      string `json:"dayOfWeek,omitempty"`
	Week     int    `json:"weekOfMonth,omitempty"`
	Date     int    `json:"dateOfMonth,omitempty"`
	Last     bool   `json:"lastDayOfMonth,omitempty"`
}

// scheduleBody is a schedule as a client writes it.
type scheduleBody struct {
	Enabled  *bool       `json:"enabled"`
	Start    string      `json:"start"`
	Duration string      `json:"duration"`
	OnRepeat string      `json:"onScanRepeat"`
	Name     string      `json:"scanName"`
	Engine   int64       `json:"scanEngineId"`
	Template string      `json:"scanTemplateId"`
	Repeat   *repeatBody `json:"repeat"`
	Assets   *struct {
		Included *targetsBody `json:"includedTargets"`
		Excluded *targetsBody `json:"excludedTargets"`
	} `json:"assets"`
}

// startLayout is the form of harrier.Schedule.Start.
const startLayout = "20060102T150405"

var weekdays = []string{"SU", "MO", "TU", "WE", "TH", "FR", "SA"}

// rule is a recurrence rule.
func (r *repeatBody) rule(start time.Time) (string, error) {
	if r == nil {
		return "FREQ=ONETIME", nil
	}
	if r.Interval < 1 || r.Interval > 1000 {
		return "", harrier.Invalidf("repeat.interval", "must be from 1 to 1000")
	}
	head := func(freq, more string) string { return fmt.Sprintf("FREQ=%s;INTERVAL=%d%s", freq, r.Interval, more) }
	switch strings.ToLower(r.Every) {
	case "hour":
		return head("HOURLY", ""), nil
	case "day":
		return head("DAILY", ""), nil
	case "week":
		return head("WEEKLY", ";BYDAY="+weekdays[start.Weekday()]), nil
	case "date-of-month":
		date := cmp.Or(r.Date, start.Day())
		if r.Last {
			date = -1
		}
		if date < -1 || date == 0 || date > 31 {
			return "", harrier.Invalidf("repeat.dateOfMonth", "%d is not a day of a month", date)
		}
		return head("MONTHLY", ";BYMONTHDAY="+strconv.Itoa(date)), nil
	case "day-of-month":
		day := weekdays[start.Weekday()]
		if r.Day != "" {
			i := slices.IndexFunc(weekdays, func(w string) bool { return len(r.Day) > 1 && strings.EqualFold(w, r.Day[:2]) })
			if i < 0 {
				return "", harrier.Invalidf("repeat.dayOfWeek", "%q is not a day of the week", clip(r.Day))
			}
			day = weekdays[i]
		}
		week := cmp.Or(r.Week, (start.Day()-1)/7+1)
		if week == 5 {
			week = -1
		}
		if week < -1 || week == 0 || week > 4 {
			return "", harrier.Invalidf("repeat.weekOfMonth", "must be from 1 to 5")
		}
		return head("MONTHLY", ";BYDAY="+strconv.Itoa(week)+day), nil
	}
	return "", harrier.Invalidf("repeat.every", "%q is none of hour, day, week, date-of-month, day-of-month", clip(r.Every))
}

// repeatOf is the reverse of rule; nil for a single run.
func repeatOf(rule string) obj {
	parts := map[string]string{}
	for part := range strings.SplitSeq(strings.ToUpper(rule), ";") {
		k, v, _ := strings.Cut(part, "=")
		parts[k] = v
	}
	interval, err := strconv.Atoi(cmp.Or(parts["INTERVAL"], "1"))
	if err != nil {
		return nil
	}
	o := obj{"interval": interval}
	switch parts["FREQ"] {
	case "HOURLY":
		o["every"] = "hour"
	case "DAILY":
		o["every"] = "day"
	case "WEEKLY":
		o["every"] = "week"
	case "YEARLY":
		o["every"], o["interval"] = "date-of-month", 12*interval
	case "MONTHLY":
		o["every"] = "date-of-month"
		if day := parts["BYDAY"]; len(day) > 2 {
			o["every"] = "day-of-month"
			week, _ := strconv.Atoi(day[:len(day)-2])
			if week < 0 {
				week = 5
			}
			o["weekOfMonth"] = week
			for i, w := range weekdays {
				if w == day[len(day)-2:] {
					o["dayOfWeek"] = strings.ToLower(time.Weekday(i).String())
				}
			}
		} else if n, err := strconv.Atoi(parts["BYMONTHDAY"]); err == nil {
			if n < 0 {
				o["lastDayOfMonth"] = true
			} else {
				o["dateOfMonth"] = n
			}
		}
	default:
		return nil
	}
	return o
}

var isoDuration = regexp.MustCompile(`^P(?:(\d{1,4})D)?(?:T(?:(\d{1,5})H)?(?:(\d{1,6})M)?(?:(\d{1,7})(?:\.\d+)?S)?)?$`)

// readDuration reads "P5DT10H30M".
func readDuration(s string) (time.Duration, error) {
	m := isoDuration.FindStringSubmatch(strings.ToUpper(strings.TrimSpace(s)))
	if m == nil || len(s) < 3 {
		return 0, harrier.Invalidf("duration", "%q is no duration such as P1DT2H30M", clip(s))
	}
	var n [5]int
	for i := 1; i < len(m); i++ {
		n[i], _ = strconv.Atoi(m[i]) // digits or nothing
	}
	return time.Duration(n[1])*24*time.Hour + time.Duration(n[2])*time.Hour + time.Duration(n[3])*time.Minute + time.Duration(n[4])*time.Second, nil
}

// plan is a schedule with its id and what this API alone knows of it.
type plan struct {
	ID       int    `json:"id"`
	Key      string `json:"key"` // of the run that it is of
	Name     string `json:"name,omitempty"`
	OnRepeat string `json:"repeat,omitempty"`
	run      harrier.FurtherRun
}

const givenPlans = words.OwnField + "schedule-ids" // JSON

func planKey(run harrier.FurtherRun) string {
	template := ""
	if run.Variant != nil {
		template = run.Variant.Name
	}
	return strings.Join([]string{run.Schedule.Start, run.Schedule.Rule, run.Schedule.Timezone, run.Targets, template, time.Duration(run.MaxDuration).String()}, "|")
}

// plans are the schedules of a site. Those that another API made get the next
// ids.
func plans(s harrier.Site) []plan {
	var kept, out []plan
	if err := json.Unmarshal([]byte(cmpText(s.Options.Given[givenPlans], "[]")), &kept); err != nil {
		kept = nil
	}
	next := 1
	for _, k := range kept {
		next = max(next, k.ID+1)
	}
	for _, run := range s.Runs() {
		if run.Schedule.Start == "" {
			continue
		}
		p := plan{Key: planKey(run), run: run}
		if i := slices.IndexFunc(kept, func(k plan) bool { return k.Key == p.Key }); i >= 0 {
			p.ID, p.Name, p.OnRepeat = kept[i].ID, kept[i].Name, kept[i].OnRepeat
			kept = slices.Delete(kept, i, i+1)
		} else {
			p.ID = next
			next++
		}
		out = append(out, p)
	}
	return out
}

// putPlans makes the schedules those of list: the first that differs from
// ordinary scans of the site in nothing is the one that all doors show.
func putPlans(s *harrier.Site, list []plan) error {
	if s.Schedule.After == 0 {
		s.Schedule = harrier.Schedule{}
	}
	s.Options.Further = nil
	for i, p := range list {
		list[i].Key = planKey(p.run)
		if p.run.Variant == nil && p.run.MaxDuration == 0 && p.run.Targets == "" && s.Schedule.Start == "" && s.Schedule.After == 0 {
			s.Schedule = p.run.Schedule
			continue
		}
		s.Options.Further = append(s.Options.Further, p.run)
	}
	text, err := json.Marshal(list)
	if err != nil {
		return fmt.Errorf("keep schedules: %w", err)
	}
	if s.Options.Given = maps.Clone(s.Options.Given); s.Options.Given == nil {
		s.Options.Given = map[string]string{}
	}
	s.Options.Given[givenPlans] = string(text)
	return nil
}

// readPlan reads a schedule. It answers Invalid.
func (a *api) readPlan(q *query, s harrier.Site, b scheduleBody) (plan, error) {
	var p plan
	start, ok := parseTime(b.Start)
	switch {
	case b.Enabled == nil:
		return p, harrier.Invalidf("enabled", "is missing")
	case !ok:
		return p, harrier.Invalidf("start", "%q is no date and time", clip(b.Start))
	case b.OnRepeat != "" && b.OnRepeat != "restart-scan" && b.OnRepeat != "resume-scan":
		return p, harrier.Invalidf("onScanRepeat", "%q is neither restart-scan nor resume-scan", clip(b.OnRepeat))
	case b.Engine != 0:
		other, err := a.engineFor(q, s, harrier.ID(b.Engine))
		if err != nil {
			return p, err
		}
		if other != 0 {
			return p, harrier.Invalidf("scanEngineId", "the scans of a site run on its own engine: set that")
		}
	}
	rule, err := b.Repeat.rule(start)
	if err != nil {
		return p, err
	}
	p.Name, p.OnRepeat = b.Name, cmpText(b.OnRepeat, "restart-scan")
	p.run.Schedule = harrier.Schedule{Enabled: *b.Enabled, Start: start.Format(startLayout), Rule: rule, Timezone: "UTC"}
	if b.Duration != "" {
		d, err := readDuration(b.Duration)
		if err != nil {
			return p, err
		}
		p.run.MaxDuration = harrier.Duration(d)
	}
	if b.Template != "" {
		v, _, err := words.Variant(q.ctx(), a.Policies, q.by, b.Template)
		if err != nil {
			return p, err
		}
		p.run.Variant = &v
	}
	if b.Assets != nil {
		if b.Assets.Excluded != nil && len(b.Assets.Excluded.Addresses) > 0 {
			return p, harrier.Invalidf("assets.excludedTargets", "a schedule leaves nothing out: name what it scans, or exclude it of the site")
		}
		if b.Assets.Included != nil {
			whole, err := a.Scans.Targets(q.ctx(), q.by, s.ID)
			if err != nil {
				return p, err
			}
			for _, t := range b.Assets.Included.Addresses {
				if !inside(whole, strings.ReplaceAll(t, " - ", "-")) {
					return p, harrier.Invalidf("assets.includedTargets", "%q is not in site %d", clip(t), s.ID)
				}
			}
			if p.run.Targets, err = targetText(b.Assets.Included.Addresses); err != nil {
				return p, err
			}
		}
	}
	check := p.run.Schedule
	check.Enabled = true // one that is off must be right too
	return p, calendar.Check(check)
}

// planObject is a schedule as this API shows it.
func (a *api) planObject(q *query, site harrier.ID, p plan) obj {
	o := obj{
		"id": p.ID, "enabled": p.run.Schedule.Enabled, "onScanRepeat": cmpText(p.OnRepeat, "restart-scan"),
		"links": q.self(fmt.Sprintf("/sites/%d/scan_schedules/%d", site, p.ID)),
	}
	zone, err := time.LoadLocation(cmpText(p.run.Schedule.Timezone, "UTC"))
	if err != nil {
		zone = time.UTC
	}
	if start, err := time.ParseInLocation(startLayout, p.run.Schedule.Start, zone); err == nil {
		o["start"] = start.UTC().Format("2006-01-02T15:04:05Z")
	}
	if r := repeatOf(p.run.Schedule.Rule); r != nil {
		o["repeat"] = r
	}
	o.set("scanName", p.Name)
	if p.run.MaxDuration > 0 {
		o["duration"] = duration(time.Duration(p.run.MaxDuration))
	}
	if p.run.Variant != nil {
		for _, t := range words.ScanTemplates {
			if t.Name == p.run.Variant.Name {
				o["scanTemplateId"] = t.ID
			}
		}
	}
	if p.run.Targets != "" {
		o["assets"] = obj{"includedTargets": obj{"addresses": targetList(p.run.Targets)}}
	}
	next := []string{}
	check := p.run.Schedule
	for at := a.Now(); len(next) < 10 && check.Enabled; {
		following, err := calendar.Next(check, at)
		if err != nil || following.IsZero() {
			break
		}
		at = following
		next = append(next, instant(at))
	}
	o["nextRuntimes"] = next
	return o
}

func (a *api) listSchedules(q *query) (any, error) {
	s, err := a.site(q)
	if err != nil {
		return nil, err
	}
	rows := []obj{}
	for _, p := range plans(s) {
		rows = append(rows, a.planObject(q, s.ID, p))
	}
	return q.resources(rows)
}

func (a *api) createSchedule(q *query) (any, error) {
	s, err := a.site(q)
	if err != nil {
		return nil, err
	}
	var b scheduleBody
	if err := q.body(&b); err != nil {
		return nil, err
	}
	p, err := a.readPlan(q, s, b)
	if err != nil {
		return nil, err
	}
	list := plans(s)
	for _, have := range list {
		p.ID = max(p.ID, have.ID)
	}
	p.ID++
	if err := putPlans(&s, append(list, p)); err != nil {
		return nil, err
	}
	if err := a.Sites.Update(q.ctx(), q.by, &s); err != nil {
		return nil, err
	}
	return created{p.ID, fmt.Sprintf("/sites/%d/scan_schedules/%d", s.ID, p.ID)}, nil
}

func (a *api) setSchedules(q *query) (any, error) {
	s, err := a.site(q)
	if err != nil {
		return nil, err
	}
	var bodies []scheduleBody
	if err := q.body(&bodies); err != nil {
		return nil, err
	}
	var list []plan
	for i, b := range bodies {
		p, err := a.readPlan(q, s, b)
		if err != nil {
			return nil, err
		}
		p.ID = i + 1
		list = append(list, p)
	}
	return a.storePlans(q, s, list)
}

func (a *api) storePlans(q *query, s harrier.Site, list []plan) (any, error) {
	if err := putPlans(&s, list); err != nil {
		return nil, err
	}
	if err := a.Sites.Update(q.ctx(), q.by, &s); err != nil {
		return nil, err
	}
	return q.done()
}

func (a *api) clearSchedules(q *query) (any, error) {
	s, err := a.site(q)
	if err != nil {
		return nil, err
	}
	return a.storePlans(q, s, []plan{})
}

// onePlan finds the schedule that the path names among those of its site.
func (a *api) onePlan(q *query) (s harrier.Site, list []plan, at int, err error) {
	if s, err = a.site(q); err != nil {
		return s, nil, 0, err
	}
	id, err := q.id("scheduleId")
	if err != nil {
		return s, nil, 0, err
	}
	list = plans(s)
	at = slices.IndexFunc(list, func(p plan) bool { return harrier.ID(p.ID) == id })
	if at < 0 {
		err = harrier.Errorf(harrier.NotFound, "no schedule %d", id)
	}
	return s, list, at, err
}

func (a *api) getSchedule(q *query) (any, error) {
	s, list, at, err := a.onePlan(q)
	if err != nil {
		return nil, err
	}
	return a.planObject(q, s.ID, list[at]), nil
}

func (a *api) updateSchedule(q *query) (any, error) {
	s, list, at, err := a.onePlan(q)
	if err != nil {
		return nil, err
	}
	var b scheduleBody
	if err := q.body(&b); err != nil {
		return nil, err
	}
	p, err := a.readPlan(q, s, b)
	if err != nil {
		return nil, err
	}
	p.ID = list[at].ID
	list[at] = p
	return a.storePlans(q, s, list)
}

func (a *api) deleteSchedule(q *query) (any, error) {
	s, list, at, err := a.onePlan(q)
	if err != nil {
		return nil, err
	}
	return a.storePlans(q, s, slices.Delete(list, at, at+1))
}

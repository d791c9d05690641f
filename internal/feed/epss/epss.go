// Package epss reads the Exploit Prediction Scoring System: the daily table, and
// the two JSON forms, of the API and of older collections.
//
// Source: https://www.first.org/epss/data_stats and https://www.first.org/epss/api
package epss

import (
	"bufio"
	"cmp"
	"errors"
	"io"
	"path"
	"strconv"
	"strings"
	"time"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/feed"
	"github.com/harrier-scan/harrier/internal/feed/wire"
)

const source = "epss"

// Format reads the scores of a day.
var Format = feed.Format{
	Name:      source,
	Title:     "Exploit Prediction Scoring System",
	Publisher: "FIRST",
	Home:      "https://www.first.org/epss/",
	Licence:   "LicenseRef-EPSS-attribution",
	Notice:    "Exploit probabilities: EPSS, FIRST (https://www.first.org/epss).",
	Class:     feed.Facts,
	Remotes: func(time.Time) []feed.Remote {
		return []feed.Remote{{
			Name: "epss_scores-current.csv.gz",
			URL:  "https://epss.empiricalsecurity.com/epss_scores-current.csv.gz",
		}}
	},
	Wants: wants,
	Read:  read,
}

// wants knows tables and JSON with the name that they are published under or
// that of a day.
func wants(name string) bool {
	base := strings.ToLower(path.Base(name))
	ext := path.Ext(base)
	if ext != ".csv" && ext != ".json" {
		return false
	}
	base = strings.TrimSuffix(base, ext)
	_, err := time.Parse(time.DateOnly, base)
	return err == nil || strings.HasPrefix(base, "epss")
}

func read(name string, r io.Reader, to feed.Sink) error {
	d := day{date: dateIn(name)}
	if strings.EqualFold(path.Ext(name), ".json") {
		return d.readJSON(r, to)
	}
	return d.readTable(r, to)
}

// dateIn finds the day at the end of a file's name; zero when there is none.
func dateIn(name string) time.Time {
	base := path.Base(name)
	base = strings.TrimSuffix(base, path.Ext(base))
	return wire.Time(base[max(0, len(base)-len(time.DateOnly)):])
}

// day is what all scores of a file share.
type day struct {
	date  time.Time
	model string
}

// readTable reads a table. Since 2022 a line in front names the model and the
// day: "#model_version:v2025.03.14,score_date:2025-08-22T12:55:00Z".
func (d *day) readTable(r io.Reader, to feed.Sink) error {
	in := bufio.NewReader(r)
	if first, err := in.Peek(1); err == nil && first[0] == '#' {
		line, err := in.ReadSlice('\n')
		if err != nil {
			return harrier.Errorf(harrier.Invalid, "the line about the model does not end").Because(err)
		}
		for word := range strings.SplitSeq(strings.TrimSpace(string(line[1:])), ",") {
			switch key, value, _ := strings.Cut(word, ":"); key {
			case "model_version":
				d.model = wire.Word(value)
			case "score_date":
				d.setDate(value)
			}
		}
	}
	t, err := wire.NewTable(in, "cve", "epss")
	if err != nil {
		return err
	}
	return t.Rows(func(fault error) error {
		if fault != nil {
			to.Bad("", fault)
			return nil
		}
		id := t.Get("cve")
		p, err := number(t.Get("epss"), false)
		q, err2 := number(t.Get("percentile"), true)
		if err := cmp.Or(err, err2); err != nil {
			to.Bad(wire.Word(id), err)
			return nil
		}
		return d.put(id, &harrier.EPSS{Probability: p, Percentile: q, Model: d.model}, to)
	})
}

// setDate takes a date over that of the file's name.
func (d *day) setDate(s string) {
	if t := wire.Time(s); !t.IsZero() {
		d.date = t.Truncate(24 * time.Hour)
	}
}

// readJSON reads both: {"score_date": …, "data": [{"id", "epss"}]}, and the
// API's page {"data": [{"cve", "epss", "percentile", "date"}]}, whose numbers
// are strings.
func (d *day) readJSON(r io.Reader, to feed.Sink) error {
	s, seen := wire.NewJSON(r, wire.MaxRecord), false
	word := func() (string, error) {
		var v string
		err := s.Each(&v, func(error) error { return nil }) // another kind of value tells nothing
		return v, err
	}
	err := s.Object(func(key string) error {
		switch key {
		case "score_date":
			v, err := word()
			d.setDate(v)
			return err
		case "model_version":
			v, err := word()
			d.model = wire.Word(v)
			return err
		case "data":
			seen = true
			return s.Array(func() error { return d.readItem(s, to) })
		}
		return s.Skip()
	})
	if err == nil && !seen {
		return harrier.Errorf(harrier.Invalid, "no list of scores")
	}
	return err
}

func (d *day) readItem(s *wire.JSON, to feed.Sink) error {
	var item struct {
		ID         string       `json:"id"`
		CVE        string       `json:"cve"`
		EPSS       *wire.Number `json:"epss"`
		Percentile wire.Number  `json:"percentile"`
		Date       string       `json:"date"`
	}
	return s.Each(&item, func(fault error) error {
		id := cmp.Or(item.CVE, item.ID)
		if fault == nil && item.EPSS == nil {
			fault = errors.New("it has no probability")
		}
		if fault != nil {
			to.Bad(wire.Word(id), fault)
			return nil
		}
		e := harrier.EPSS{Probability: float64(*item.EPSS), Percentile: float64(item.Percentile), Date: wire.Time(item.Date), Model: d.model}
		return d.put(id, &e, to)
	})
}

// put gives a score to its sink; one without a date has that of the file.
func (d *day) put(id string, e *harrier.EPSS, to feed.Sink) error {
	cve, ok := wire.CVE(id)
	switch {
	case !ok:
		to.Bad(wire.Word(id), errors.New("its id is no CVE id"))
		return nil
	case !share(e.Probability) || !share(e.Percentile):
		to.Bad(cve, errors.New("a share that is not between 0 and 1"))
		return nil
	}
	if e.Date.IsZero() {
		e.Date = d.date
	}
	return to.Put(&harrier.Record{Source: source, ID: cve, CVEs: []string{cve}, EPSS: e})
}

func share(v float64) bool { return v >= 0 && v <= 1 }

// number reads a field of a table; "" is 0 where that is allowed.
func number(s string, empty bool) (float64, error) {
	if s = strings.TrimSpace(s); s == "" && empty {
		return 0, nil
	}
	v, err := strconv.ParseFloat(s, 64)
	if err != nil {
		return 0, harrier.Errorf(harrier.Invalid, "%.40q is no number", s)
	}
	return v, nil
}

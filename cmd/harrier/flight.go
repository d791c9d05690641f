package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/console"
	"github.com/harrier-scan/harrier/internal/flight"
)

type flightCommand struct {
	Address string `arg:"" help:"IP address."`
	Folder  string `env:"HARRIER_FLIGHT" placeholder:"DIR" help:"Folder with flight records, or one file; flight in the data folder when empty."`
	JSON    bool   `name:"json" help:"Print JSON."`
	dataFlag
}

// flightReply is what --json prints.
type flightReply struct {
	Address netip.Addr      `json:"address"`
	Records flight.Records  `json:"records"`
	Scans   []flight.Answer `json:"scans"`
}

// Run prints what every scan sent to the address.
func (c flightCommand) Run(s streams) error {
	addr, err := netip.ParseAddr(c.Address)
	if err != nil {
		return harrier.Invalidf("address", "%q is not an IP address", c.Address)
	}
	addr = addr.Unmap()
	answers, records, err := flight.Search(cmp.Or(c.Folder, console.FlightFolder(c.Data)), addr)
	if err != nil {
		return err
	}
	if c.JSON {
		enc := json.NewEncoder(s.out)
		enc.SetEscapeHTML(false)
		enc.SetIndent("", "  ")
		return enc.Encode(flightReply{addr, records, append([]flight.Answer{}, answers...)})
	}
	var b strings.Builder
	for _, a := range answers {
		printAnswer(&b, a)
	}
	b.WriteString(flightSummary(addr, answers, records))
	_, err = fmt.Fprintln(s.out, b.String())
	return err
}

func printAnswer(b *strings.Builder, a flight.Answer) {
	b.WriteString("scan")
	if a.Scan != 0 {
		fmt.Fprintf(b, " %d", a.Scan)
	}
	if !a.UUID.IsZero() {
		fmt.Fprintf(b, " (%s)", a.UUID)
	}
	fmt.Fprintf(b, " by %s, %s: ", cmp.Or(a.Engine, "an unknown engine"), period(a.Began, a.Ended))
	packets := flight.Sum(a.Sent)
	switch {
	case len(a.Sent) > 0:
		from, to := a.Sent[0].From, a.Sent[0].To
		for _, s := range a.Sent {
			if s.From.Before(from) {
				from = s.From
			}
			if s.To.After(to) {
				to = s.To
			}
		}
		fmt.Fprintf(b, "sent, %s\n", period(from, to))
		for _, sort := range slices.Sorted(maps.Keys(packets)) {
			fmt.Fprintf(b, "    %-14s %7d\n", sort, packets[sort])
		}
	case a.Missing != "":
		b.WriteString("nothing recorded" + because(a) + "\n")
	default:
		b.WriteString("nothing sent" + because(a) + "\n")
	}
	if a.Missing != "" {
		fmt.Fprintf(b, "    the record is not complete: %s\n", a.Missing)
	}
	if !a.InHand.IsZero() {
		fmt.Fprintf(b, "    it was being scanned; this is what was sent until %s UTC, and more may have been\n", a.InHand.UTC().Format(time.TimeOnly))
	}
}

// because says why nothing was sent, as far as the record tells.
func because(a flight.Answer) string {
	switch {
	case a.Rule != "":
		return "; " + a.Rule
	case a.Target == flight.NoTarget:
		return "; it was no target"
	}
	return ""
}

// period is a time from first to last, with the day once.
func period(first, last time.Time) string {
	first, last = first.UTC(), last.UTC()
	to := time.TimeOnly
	if first.Format(time.DateOnly) != last.Format(time.DateOnly) {
		to = time.DateTime
	}
	return first.Format(time.DateTime) + " – " + last.Format(to) + " UTC"
}

// flightSummary is the last line: what follows from all records.
func flightSummary(addr netip.Addr, answers []flight.Answer, of flight.Records) string {
	if len(answers) == 0 {
		return "there are no flight records"
	}
	sent, missing := 0, 0
	for _, a := range answers {
		if len(a.Sent) > 0 {
			sent++
		} else if a.Missing != "" {
			missing++
		}
	}
	said := fmt.Sprintf("in %d of %d scans something was sent to %s", sent, len(answers), addr)
	switch {
	case sent == 0 && missing == 0:
		said = fmt.Sprintf("nothing was ever sent to %s", addr)
	case sent == 0:
		said = fmt.Sprintf("nothing is recorded for %s", addr)
	}
	switch missing {
	case 0:
	case 1:
		said += ", but the record of one scan is not complete"
	default:
		said += fmt.Sprintf(", but the records of %d scans are not complete", missing)
	}
	return fmt.Sprintf("%s; the records go back to %s UTC", said, of.Oldest.UTC().Format(time.DateTime))
}

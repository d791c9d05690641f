package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/console"
	"github.com/harrier-scan/harrier/internal/probe"
)

type identifyCommand struct {
	Endpoints  []string `arg:"" placeholder:"HOST:PORT" help:"Endpoints such as 192.0.2.1:22, [2001:db8::1]:443, mail.example.net:25, 192.0.2.1:161/udp."`
	UDP        bool     `name:"udp" help:"The ports are UDP's, unless one says otherwise."`
	Exclude    []string `placeholder:"TARGET" help:"Targets to leave out, whatever is asked."`
	Policy     string   `default:"basic" placeholder:"NAME" help:"Template or JSON file, for its timeouts, caps and what may be asked."`
	Gentle     bool     `help:"Ask as a fragile host is asked: wait for the banner and ask one question."`
	Industrial bool     `help:"Ask in the protocols of machines, too."`
	Rate       int      `placeholder:"N" help:"At most so many new connections and datagrams a second."`
	Format     string   `short:"f" default:"table" enum:"table,json" help:"table, or json: one object with a list of endpoints."`
	Facts      bool     `help:"Show long facts as a whole."`
	Flight     string   `placeholder:"FILE" help:"Write there what was sent to which address; read it with harrier flight."`
}

// Run identifies the endpoints and prints what each is, and the trail.
func (c identifyCommand) Run(ctx context.Context, s streams) error {
	var places []console.Place
	for _, text := range c.Endpoints {
		p, err := c.parse(text)
		if err != nil {
			return err
		}
		places = append(places, p)
	}
	exclude, err := collect(c.Exclude, s.in)
	if err != nil {
		return err
	}
	local := console.LocalScan{
		Exclude: exclude, Policy: c.Policy, Adjust: c.adjust, Version: version(), Flight: c.Flight,
		Log: slog.New(slog.NewTextHandler(s.err, &slog.HandlerOptions{Level: slog.LevelError})),
	}
	all := []console.Identified{}
	unknown := 0
	err = console.Identify(ctx, local, places, func(i console.Identified) error {
		if i.Service.Name == "" {
			unknown++
		}
		if c.Format == "json" {
			all = append(all, i)
			return nil
		}
		return c.print(s.out, i)
	})
	if err == nil && c.Format == "json" {
		slices.SortStableFunc(all, func(a, b console.Identified) int { return c.place(places, a) - c.place(places, b) })
		out := json.NewEncoder(s.out)
		out.SetEscapeHTML(false)
		out.SetIndent("", "  ")
		err = out.Encode(map[string]any{"endpoints": all})
	}
	if err == nil && unknown > 0 {
		return exitCode{3, nil}
	}
	return err
}

// place is where an endpoint stands among those that were asked for.
func (identifyCommand) place(places []console.Place, i console.Identified) int {
	return slices.IndexFunc(places, func(p console.Place) bool { return p.Host == i.Host && p.Endpoint == i.Endpoint })
}

func (c identifyCommand) adjust(s *harrier.Settings) error {
	s.Gentle = s.Gentle || c.Gentle
	s.ScanOT = s.ScanOT || c.Industrial
	if c.Rate != 0 {
		s.RatePPS = c.Rate
	}
	return nil
}

// parse reads HOST:PORT, with /tcp or /udp behind it.
func (c identifyCommand) parse(text string) (console.Place, error) {
	bad := harrier.Invalidf("endpoints", "%q is not HOST:PORT", text)
	protocol := harrier.TCP
	if c.UDP {
		protocol = harrier.UDP
	}
	rest, name, given := strings.Cut(text, "/")
	switch strings.ToLower(name) {
	case "tcp":
		protocol = harrier.TCP
	case "udp":
		protocol = harrier.UDP
	default:
		if given {
			return console.Place{}, bad
		}
	}
	host, port, err := net.SplitHostPort(rest)
	if err != nil || host == "" {
		return console.Place{}, bad
	}
	n, err := strconv.ParseUint(port, 10, 16)
	if err != nil || n == 0 {
		return console.Place{}, bad
	}
	p := console.Place{Host: host, Endpoint: harrier.Endpoint{Protocol: protocol, Port: uint16(n)}}
	if addr, err := netip.ParseAddr(host); err == nil {
		p.Addr = addr.Unmap()
	}
	return p, nil
}

// print writes one endpoint for a person.
func (c identifyCommand) print(w io.Writer, i console.Identified) error {
	var b strings.Builder
	s := i.Service
	fmt.Fprintf(&b, "%s/%s  %s\n", net.JoinHostPort(i.Host, strconv.Itoa(int(i.Port))), i.Protocol, title(s))
	field := func(name, value string) {
		if value != "" {
			fmt.Fprintf(&b, "  %-12s %s\n", name, oneLine(value))
		}
	}
	if i.Host != i.Addr.String() && i.Addr.IsValid() {
		field("address", i.Addr.String())
	}
	field("error", i.Error)
	field("cpe", s.CPE)
	field("also", strings.Join(s.Also, ", "))
	field("evidence", s.Evidence)
	field("banner", clipped(s.Banner, c.width()))
	for n, cert := range s.Certificates {
		field(fmt.Sprint("certificate ", n), fmt.Sprintf("%s, by %s, until %s, %s %d", cert.Subject, cert.Issuer, cert.NotAfter.Format(time.DateOnly), cert.Key, cert.KeyBits))
	}
	if len(s.Facts) > 0 {
		b.WriteString("  facts\n")
		for _, key := range slices.Sorted(maps.Keys(s.Facts)) {
			fmt.Fprintf(&b, "    %-24s %s\n", key, clipped(oneLine(s.Facts[key]), c.width()))
		}
	}
	if len(i.Trail) > 0 {
		b.WriteString("  trail\n")
		for _, step := range i.Trail {
			fmt.Fprintf(&b, "    %7.3fs  %-22s %s\n", step.At.Seconds(), question(step), account(step, c.width()))
		}
	}
	b.WriteByte('\n')
	_, err := io.WriteString(w, b.String())
	return err
}

func (c identifyCommand) width() int {
	if c.Facts {
		return 1 << 20
	}
	return 120
}

// title says in a few words what a service is.
func title(s harrier.Service) string {
	name := cmp.Or(s.Name, "not recognised")
	if s.TLS && s.Name != "tls" {
		name += " in TLS"
	}
	what := strings.TrimSpace(s.Product + " " + s.Version)
	switch {
	case what != "":
		return name + ", " + what
	case s.Name == "" && s.Fact(probe.OutcomeFact) != "":
		return name + ": " + s.Fact(probe.OutcomeFact)
	}
	return name
}

func question(s probe.Step) string {
	if s.Inside {
		return s.Question + " in TLS"
	}
	return s.Question
}

// account tells what came of a step.
func account(s probe.Step, width int) string {
	var parts []string
	if s.Sent > 0 {
		parts = append(parts, fmt.Sprintf("sent %d B", s.Sent))
	}
	if s.Received > 0 {
		parts = append(parts, fmt.Sprintf("got %d B", s.Received))
	}
	if s.Took >= time.Millisecond {
		parts = append(parts, fmt.Sprintf("in %v", s.Took.Round(time.Millisecond)))
	}
	out := strings.Join(append([]string{s.Outcome}, parts...), ", ")
	if what := strings.TrimSpace(s.Product + " " + s.Version); what != "" {
		out += ": " + what
	}
	if s.Rule != "" {
		out += " by rule " + s.Rule
	}
	if s.Evidence != "" {
		out += fmt.Sprintf(" by %q", clipped(s.Evidence, width))
	}
	if s.Answer != "" {
		out += fmt.Sprintf(": %q", clipped(s.Answer, width))
	}
	return out
}

func oneLine(s string) string { return strings.ReplaceAll(s, "\n", " ⏎ ") }

// clipped cuts s after so many characters.
func clipped(s string, n int) string {
	if r := []rune(s); len(r) > n {
		return string(r[:n]) + "…"
	}
	return s
}

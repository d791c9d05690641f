package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/netip"
	"os"
	"regexp"
	"slices"
	"strings"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/console"
	"github.com/harrier-scan/harrier/internal/format/list"
)

type scanCommand struct {
	Targets      []string `arg:"" help:"Addresses, nets, ranges, names, files with such, or - for standard input."`
	Ports        string   `short:"p" default:"default" placeholder:"PORTS" help:"Ports such as 22,80-443,https,U:53,!9100; default or all. U: scans UDP too."`
	Top          int      `placeholder:"N" help:"The N ports that are open most often."`
	UDP          bool     `name:"udp" help:"Scan UDP ports too."`
	PortsOnly    bool     `help:"List open ports, and look no further."`
	Services     bool     `name:"services-only" help:"Tell what listens, and run no checks."`
	Connect      bool     `help:"Find ports by connecting only, without raw packets."`
	Ping         []string `placeholder:"HOW" help:"How hosts are found: arp, icmp, tcp, udp, or none to take every target as alive; arp,icmp,tcp without."`
	NoPing       bool     `help:"Take every target as alive."`
	Exclude      []string `placeholder:"TARGET" help:"Targets to leave out."`
	Policy       string   `default:"basic" placeholder:"NAME" help:"Template (basic, advanced, discovery, webapp …) or a JSON file with settings and checks."`
	Safe         bool     `help:"Only checks that can not disturb the target. This is the default; it overrides a policy that says otherwise."`
	Rate         int      `placeholder:"N" help:"At most so many probes and new connections a second; adaptive without."`
	HostRate     int      `placeholder:"N" help:"The same to one host."`
	Format       string   `short:"f" default:"table" enum:"table,list,json,nessus,csv,sarif" help:"table, list (open ports, one on a line), json, nessus, csv or sarif."`
	Output       string   `short:"o" placeholder:"FILE" help:"Write the results there instead of to standard output."`
	FailOn       string   `placeholder:"SEVERITY" help:"End with code 2 when a finding is this grave or graver."`
	Fingerprints string   `placeholder:"PLACE" help:"More fingerprints: a folder, a .tar.gz or one file, in the own format (YAML) or Recog's (XML)."`
	Flight       string   `placeholder:"FILE" help:"Write there what was sent to which address; read it with harrier flight."`
	Technologies string   `placeholder:"DIR" help:"Folder of technology templates: web servers are asked what they want to know, too."`
	Content      string   `placeholder:"DIR" help:"Data folder of a console whose content is in force; without, the facts that are built into the program."`
	Progress     string   `default:"auto" enum:"auto,always,never" help:"Show progress on standard error: auto, always or never."`
	Verbose      bool     `short:"v" help:"Log what happens."`
}

// Run scans and prints what it found.
func (c scanCommand) Run(ctx context.Context, s streams) error {
	threshold := harrier.Severity(0)
	if c.FailOn != "" {
		var err error
		if threshold, err = harrier.ParseSeverity(c.FailOn); err != nil {
			return harrier.Invalidf("fail-on", "%s", harrier.MessageOf(err))
		}
	}
	targets, err := collect(c.Targets, s.in)
	if err != nil {
		return err
	}
	exclude, err := collect(c.Exclude, s.in)
	if err != nil {
		return err
	}
	out, finish, err := c.open(s)
	if err != nil {
		return err
	}
	level := slog.LevelError
	if c.Verbose {
		level = slog.LevelDebug
	}
	show := newProgress(s.err, c.Progress)
	defer show.clear()
	local := console.LocalScan{
		Targets: targets, Exclude: exclude, Policy: c.Policy, NoChecks: c.Services, Adjust: c.adjust, Version: version(), Flight: c.Flight, Fingerprints: c.Fingerprints, Technologies: c.Technologies, Content: c.Content,
		Log: slog.New(slog.NewTextHandler(s.err, &slog.HandlerOptions{Level: level})), Progress: show.update,
	}
	if c.PortsOnly && c.Format == list.Format.Name {
		err := c.openPorts(ctx, local, out, show)
		return c.interrupted(ctx, errors.Join(err, finish(err == nil)))
	}
	var worst harrier.Counts
	err = console.ScanOnce(ctx, local, func(ctx context.Context, r console.LocalResult) error {
		show.clear()
		worst = r.Scan.Present
		return r.Write(ctx, out, c.Format, lookOf(out))
	})
	show.clear()
	if err := errors.Join(err, finish(err == nil)); err != nil {
		return err
	}
	if c.FailOn != "" {
		if sev, any := worst.Worst(); any && sev >= threshold {
			return exitCode{2, fmt.Errorf("findings of severity %s", sev)}
		}
	}
	return c.interrupted(ctx, nil)
}

// openPorts lists open ports without anything of a console around it: on the
// terminal and in pipes host by host, as they end, and in a file in the order of
// their addresses, so that files can be compared.
func (c scanCommand) openPorts(ctx context.Context, local console.LocalScan, out io.Writer, show *progress) error {
	defer show.clear()
	type found struct {
		addr netip.Addr
		open []harrier.Open
	}
	var all []found
	inOrder := c.Output != "" && c.Output != "-"
	err := console.OpenPorts(ctx, local, func(h harrier.Host, cov harrier.Coverage) error {
		if inOrder {
			all = append(all, found{h.Addr, cov.Open})
			return nil
		}
		show.clear()
		return list.Host(out, h.Addr, cov.Open)
	})
	slices.SortStableFunc(all, func(a, b found) int { return a.addr.Compare(b.addr) })
	for _, f := range all {
		err = errors.Join(err, list.Host(out, f.addr, f.open))
	}
	return err
}

// interrupted is the error of a scan that ended with err: a pipeline must not
// take one that was cut short for a clean one.
func (scanCommand) interrupted(ctx context.Context, err error) error {
	if err == nil && ctx.Err() != nil {
		return exitCode{1, errInterrupted}
	}
	return err
}

// adjust puts the flags into a policy's settings. It answers Invalid, naming
// the flag.
func (c scanCommand) adjust(s *harrier.Settings) error {
	switch custom := c.Ports != "" && c.Ports != "default"; {
	case c.Top < 0 || c.Top > 65535:
		return harrier.Invalidf("top", "%d is not a number of ports", c.Top)
	case c.Top > 0 && custom:
		return harrier.Invalidf("top", "does not go together with ports")
	case c.Top > 0:
		s.Ports = fmt.Sprintf("top %d", c.Top)
	case custom:
		s.Ports = c.Ports
		s.UDP = s.UDP || udpPrefix.MatchString(c.Ports)
	}
	if c.Rate != 0 {
		s.RatePPS = c.Rate
	}
	if c.HostRate != 0 {
		s.HostRatePPS = c.HostRate
	}
	s.UDP = s.UDP || c.UDP
	s.PortsOnly = s.PortsOnly || c.PortsOnly
	s.Connect = s.Connect || c.Connect
	s.Unsafe = s.Unsafe && !c.Safe
	return c.setPing(s)
}

// udpPrefix is what names UDP ports in a port list.
var udpPrefix = regexp.MustCompile(`(?i)\b(u|tu|ut|udp)[ \t]*:`)

// setPing puts the ways to find hosts into the settings.
func (c scanCommand) setPing(s *harrier.Settings) error {
	if c.NoPing {
		s.NoPing = true
	}
	if len(c.Ping) == 0 {
		return nil
	}
	none := slices.Equal(c.Ping, []string{"none"})
	if c.NoPing && !none {
		return harrier.Invalidf("ping", "does not go together with no-ping")
	}
	if s.NoPing = none; none {
		return nil
	}
	s.NoARP, s.NoICMP, s.NoTCPPing, s.UDPPing = true, true, true, false
	for _, how := range c.Ping {
		switch how {
		case "arp":
			s.NoARP = false
		case "icmp":
			s.NoICMP = false
		case "tcp":
			s.NoTCPPing = false
		case "udp":
			s.UDPPing = true
		default:
			return harrier.Invalidf("ping", "%q is not one of arp, icmp, tcp, udp; or none alone", how)
		}
	}
	return nil
}

var errInterrupted = errors.New("interrupted: the results are not complete")

// open returns where results go and what to do at the end: a file appears
// whole or not at all; a device or a pipe is written to as it is.
func (c scanCommand) open(s streams) (io.Writer, func(ok bool) error, error) {
	if c.Output == "" || c.Output == "-" {
		return s.out, func(bool) error { return nil }, nil
	}
	if fi, err := os.Stat(c.Output); err == nil && !fi.Mode().IsRegular() {
		return c.openDevice()
	}
	f, err := os.OpenFile(c.Output+".part", os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, nil, harrier.Invalidf("output", "%s can not be written", c.Output).Because(err)
	}
	w := bufio.NewWriter(f)
	return w, func(ok bool) error {
		err := errors.Join(w.Flush(), f.Close())
		if !ok || err != nil {
			return errors.Join(err, os.Remove(f.Name()))
		}
		return os.Rename(f.Name(), c.Output)
	}, nil
}

// openDevice opens what can not be replaced by a file: /dev/stdout, a pipe.
func (c scanCommand) openDevice() (io.Writer, func(ok bool) error, error) {
	f, err := os.OpenFile(c.Output, os.O_WRONLY, 0)
	if err != nil {
		return nil, nil, harrier.Invalidf("output", "%s can not be written", c.Output).Because(err)
	}
	w := bufio.NewWriter(f)
	return w, func(bool) error { return errors.Join(w.Flush(), f.Close()) }, nil
}

// collect joins target arguments: a file's lines (a # starts a comment), or
// standard input for "-", or the argument itself.
func collect(args []string, stdin io.Reader) (string, error) {
	var parts []string
	for _, a := range args {
		switch fi, err := os.Stat(strings.TrimPrefix(a, "@")); {
		case a == "-":
			text, err := lines(stdin)
			if err != nil {
				return "", harrier.Invalidf("targets", "standard input can not be read").Because(err)
			}
			parts = append(parts, text)
		case err == nil && fi.Mode().IsRegular():
			f, err := os.Open(strings.TrimPrefix(a, "@"))
			if err != nil {
				return "", harrier.Invalidf("targets", "%s can not be read", a).Because(err)
			}
			text, err := lines(f)
			if err := errors.Join(err, f.Close()); err != nil {
				return "", harrier.Invalidf("targets", "%s can not be read", a).Because(err)
			}
			parts = append(parts, text)
		case strings.HasPrefix(a, "@"):
			return "", harrier.Invalidf("targets", "%s is not a file", a[1:])
		default:
			parts = append(parts, a)
		}
	}
	return strings.Join(parts, "\n"), nil
}

func lines(r io.Reader) (string, error) {
	var b strings.Builder
	in := bufio.NewScanner(io.LimitReader(r, 64<<20))
	for in.Scan() {
		line, _, _ := strings.Cut(in.Text(), "#")
		b.WriteString(line)
		b.WriteByte('\n')
	}
	return b.String(), in.Err()
}

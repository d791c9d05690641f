package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/console"
	"github.com/harrier-scan/harrier/internal/content/pack"
	"github.com/harrier-scan/harrier/internal/content/update"
)

type feedUpdateCommand struct {
	Feed  []string `placeholder:"NAME" help:"Update these feeds only."`
	From  string   `placeholder:"DIR" help:"Read files that were downloaded before, in a folder for each feed, instead of the network."`
	Proxy string   `placeholder:"URL" help:"Fetch through this proxy; what HTTPS_PROXY says when empty."`
	Anew  bool     `help:"Read everything again, not only what changed."`
	NVD   string   `name:"nvd" enum:",feeds,api" default:"" placeholder:"WAY" help:"How NVD is asked: feeds (its files by year) or api; what HARRIER_NVD says when empty. The API takes a key from NVD_API_KEY."`
	dataFlag
}

// Run updates the content and prints what became of each feed.
func (c feedUpdateCommand) Run(ctx context.Context, s streams) error {
	told := map[string]bool{}
	report, err := console.UpdateContent(ctx, console.ContentUpdate{
		Data: c.Data, Only: c.Feed, From: c.From, Proxy: c.Proxy, Anew: c.Anew, NVD: c.NVD,
		Told: func(f update.Feed) {
			if f.Read && !told[f.Name] && f.Err == nil { // the others at the end, when all is known of them
				told[f.Name] = true
				printFeed(s.out, f)
			}
		},
	})
	failed := 0
	for _, f := range report.Feeds {
		if f.Err != nil {
			failed++
		}
		if !told[f.Name] {
			printFeed(s.out, f)
		}
	}
	if err != nil {
		return err
	}
	if report.Manifest.Sequence > 0 {
		if !report.Changed {
			fmt.Fprintln(s.out, "nothing new")
		}
		if err := printContent(s.out, report.Manifest); err != nil {
			return err
		}
	}
	if failed > 0 {
		return harrier.Errorf(harrier.Unavailable, "not updated: %d of %d feeds; what they said before stays in force", failed, len(report.Feeds))
	}
	return nil
}

// printFeed prints what became of one feed: a line, and what was wrong below it.
func printFeed(w io.Writer, f update.Feed) {
	var b strings.Builder
	state := "unchanged"
	if f.Changed > 0 {
		state = fmt.Sprintf("%d changed", f.Changed)
	}
	fmt.Fprintf(&b, "%-14s %s, %s", f.Name, count(f.Files, "file"), state)
	if f.Read && f.Records+f.Bad > 0 {
		fmt.Fprintf(&b, ", %s, %d bad", count(f.Records, "record"), f.Bad)
	}
	fmt.Fprintf(&b, ", %v\n", f.Took.Round(time.Millisecond))
	for _, reason := range f.Reasons {
		fmt.Fprintf(&b, "  bad: %s\n", reason)
	}
	if f.Bad > len(f.Reasons) && len(f.Reasons) > 0 {
		fmt.Fprintf(&b, "  and %d more\n", f.Bad-len(f.Reasons))
	}
	if f.Err != nil {
		fmt.Fprintf(&b, "  not updated: %s\n", message(f.Err))
	}
	_, _ = io.WriteString(w, b.String()) // the result is printed after this, and tells
}

// printContent prints a line about content that is in force.
func printContent(w io.Writer, m pack.Manifest) error {
	records, sources, own := 0, 0, ""
	for _, s := range m.Sources {
		if console.IsBuiltin(s.Name) {
			own = fmt.Sprintf(" and %d built-in ones", s.Records)
			continue
		}
		records += s.Records
		sources++
	}
	_, err := fmt.Fprintf(w, "content %d in force: %s from %s%s, made %s by %s\n",
		m.Sequence, count(records, "record"), count(sources, "source"), own, m.Created.UTC().Format(time.DateOnly), m.Publisher)
	return err
}

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// size is a number of bytes for people.
func size(n int64) string {
	if n < 1<<20 {
		return fmt.Sprintf("%.1f KiB", float64(n)/(1<<10))
	}
	return fmt.Sprintf("%.1f MiB", float64(n)/(1<<20))
}

type feedStatusCommand struct{ dataFlag }

// Run prints which content is in force. Content that is there and not to be used
// is an error, for scripts that watch over it.
func (c feedStatusCommand) Run(s streams) error {
	place := pack.In(c.Data)
	content, err := place.Load()
	if harrier.KindOf(err) == harrier.NotFound && err != nil {
		if err := printBuiltin(s.out); err != nil {
			return err
		}
		_, err := fmt.Fprintln(s.out, "no content is installed: harrier feed update fetches some, harrier feed import pack takes a file")
		return err
	}
	if err != nil {
		return errors.Join(err, printBuiltin(s.out))
	}
	signer := content.Key
	if place.Own(content.Key) {
		signer += ", this installation"
	}
	now := time.Now()
	fmt.Fprintf(s.out, "content %d (%s), made %s by %s, signed by %s\n", content.Sequence, content.Version,
		content.Created.UTC().Format("2006-01-02 15:04"), content.Publisher, signer)
	if !content.Expires.IsZero() {
		fmt.Fprintf(s.out, "good until %s\n", content.Expires.UTC().Format(time.DateOnly))
	}
	for _, warning := range content.Warnings(now) {
		fmt.Fprintf(s.out, "warning: %s\n", warning)
	}
	if err := printSources(s.out, content.Sources, now); err != nil {
		return err
	}
	for _, source := range content.Sources {
		if source.Notice != "" {
			fmt.Fprintf(s.out, "%s: %s\n", source.Name, source.Notice)
		}
	}
	var missing []string
	for _, f := range console.Feeds() {
		if !slices.ContainsFunc(content.Sources, func(s pack.Source) bool { return s.Name == f.Name || s.Title == f.Title }) {
			missing = append(missing, f.Name)
		}
	}
	if len(missing) > 0 {
		fmt.Fprintf(s.out, "not in it: %s\n", strings.Join(missing, ", "))
	}
	return nil
}

// printBuiltin prints what is in force without content.
func printBuiltin(w io.Writer) error {
	version, source := console.BuiltinContent()
	fmt.Fprintf(w, "in force are only the facts that are built into the program (%s)\n", version)
	return printSources(w, []pack.Source{source}, time.Time{})
}

func printSources(w io.Writer, sources []pack.Source, now time.Time) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "SOURCE\tPUBLISHER\tRECORDS\tBAD\tFETCHED\tAGE\tLICENCE")
	for _, s := range sources {
		fetched, age := "-", "-"
		if console.IsBuiltin(s.Name) {
			fetched = "built in"
		}
		if !s.Fetched.IsZero() {
			fetched, age = s.Fetched.UTC().Format("2006-01-02 15:04"), aged(now.Sub(s.Fetched))
		}
		fmt.Fprintf(t, "%s\t%s\t%d\t%d\t%s\t%s\t%s\n", s.Name, dash(s.Publisher), s.Records, s.Bad, fetched, age, dash(s.Licence))
	}
	return t.Flush()
}

func dash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

// aged is an age for people: "3h", "12d".
func aged(d time.Duration) string {
	switch {
	case d < time.Hour:
		return fmt.Sprintf("%dm", max(int(d.Minutes()), 0))
	case d < 48*time.Hour:
		return fmt.Sprintf("%dh", int(d.Hours()))
	}
	return fmt.Sprintf("%dd", int(d.Hours()/24))
}

// publicKey reads a key from a file of that name, or from the text itself.
func publicKey(text string) (pack.Public, error) {
	b, err := os.ReadFile(text)
	if err != nil {
		key, err := pack.ParsePublic(text)
		if err != nil {
			return key, harrier.Invalidf("key", "%q is no file that can be read; %s", text, harrier.MessageOf(err))
		}
		return key, nil
	}
	return pack.ParsePublic(string(b))
}

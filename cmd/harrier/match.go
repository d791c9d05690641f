package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/console"
	"github.com/harrier-scan/harrier/internal/content"
	"github.com/harrier-scan/harrier/internal/content/pack"
	"github.com/harrier-scan/harrier/internal/inventory"
	"github.com/harrier-scan/harrier/internal/match"
	order "github.com/harrier-scan/harrier/internal/version"
)

type matchCommand struct {
	Packages  string     `required:"" placeholder:"FILE" help:"What is installed: what dpkg-query -W, dpkg -l, rpm -qa, apk list -I, apk info -v or pacman -Q print, the status file of dpkg, the database of apk, or an inventory as JSON; - is standard input."`
	OSRelease string     `name:"os-release" placeholder:"FILE" help:"The machine's /etc/os-release."`
	Distro    string     `placeholder:"NAME:RELEASE" help:"Distribution and release, such as debian:12, ubuntu:22.04 or alma:9, in place of the file."`
	Kernel    string     `name:"running-kernel" placeholder:"RELEASE" help:"What uname -r prints: only the kernel that runs is judged."`
	Content   string     `placeholder:"PATH" help:"Data folder of a console whose content is asked, or one content base; that of --data without."`
	Asset     harrier.ID `placeholder:"ID" help:"Store the list with this asset of the console, which must not be running, and tell what that changed."`
	FailOn    string     `enum:",info,low,medium,high,critical" default:"" placeholder:"SEVERITY" help:"Exit with 2 when there is a finding of this severity or above."`
	JSON      bool       `name:"json" help:"Print one JSON object."`
	dataFlags
}

// matched is what a list of packages comes to, as --json prints it.
type matched struct {
	Distro   string `json:"distro"`
	Release  string `json:"release,omitempty"`
	Kernel   string `json:"kernel,omitempty"`
	Content  string `json:"content"` // its version
	Format   string `json:"format"`  // of the list
	Packages int    `json:"packages"`
	Known    int    `json:"known"`   // of them those that the content says anything about
	Skipped  int    `json:"skipped"` // lines of the list that could not be read
	// NeedsRestart are packages of which processes still run an older build.
	NeedsRestart []string  `json:"needs_restart,omitempty"`
	Findings     []finding `json:"findings"`
}

// finding is a vulnerability of a package.
type finding struct {
	Package       string   `json:"package"` // as the distribution's statements name it
	Installed     string   `json:"installed"`
	Vulnerability string   `json:"vulnerability"`
	Severity      string   `json:"severity"`
	Fixed         string   `json:"fixed,omitempty"`
	Source        string   `json:"source"`
	Advisory      string   `json:"advisory,omitempty"`
	Status        string   `json:"status"` // of harrier.Status, or "restart needed"
	Certainty     string   `json:"certainty"`
	Reasons       []string `json:"reasons"`

	severity harrier.Severity
}

// restartNeeded is the status of a running kernel whose fix is installed.
const restartNeeded = "restart needed"

// Run prints the vulnerabilities of what is installed. It ends with 0 whatever
// was found, unless FailOn says otherwise.
func (c matchCommand) Run(ctx context.Context, s streams) error {
	threshold := harrier.Info
	if c.FailOn != "" {
		var err error
		if threshold, err = harrier.ParseSeverity(c.FailOn); err != nil {
			return err
		}
	}
	list, err := c.read(s.in)
	if err != nil {
		return err
	}
	if c.Asset != 0 {
		return c.take(ctx, s.out, list.Inventory)
	}
	base, err := openContent(cmp.Or(c.Content, c.Data))
	if err != nil {
		return err
	}
	defer base.Close()
	found, err := findings(base, list.Inventory)
	if err != nil {
		return err
	}
	known, err := spokenOf(base, list.Inventory)
	if err != nil {
		return err
	}
	m := matched{
		Distro: list.Distro, Release: list.Release, Kernel: list.Kernel, Content: base.Version(), Format: list.Format,
		Packages: len(list.Packages), Known: known, Skipped: list.Skipped, NeedsRestart: list.NeedsRestart, Findings: found,
	}
	if err := c.print(s.out, m); err != nil {
		return err
	}
	for _, f := range found {
		if c.FailOn != "" && f.severity >= threshold {
			return exitCode{2, fmt.Errorf("findings of severity %s", worst(found))}
		}
	}
	return nil
}

// take stores the list with the asset and prints what that changed.
func (c matchCommand) take(ctx context.Context, w io.Writer, inv harrier.Inventory) error {
	if c.Content != "" || c.FailOn != "" || c.JSON {
		return harrier.Invalidf("asset", "does not go together with content, fail-on or json")
	}
	taken, err := console.TakeInventory(ctx, c.config(), c.Asset, inv)
	if err != nil {
		return err
	}
	out := page{w: w}
	for _, f := range taken.Opened {
		out.line("opened  %-18s %-9s %s", f.Name, strings.ToLower(f.Severity.String()), packageOf(f.Finding))
	}
	for _, f := range taken.Closed {
		out.line("closed  %-18s %-9s %s", f.Name, strings.ToLower(f.Severity.String()), packageOf(f.Finding))
	}
	out.line("%d packages of %s at asset %d, %s: %d opened, %d closed, %d open", len(inv.Packages), strings.TrimSpace(inv.Distro+" "+inv.Release),
		taken.Asset.ID, addrOf(taken.Asset), len(taken.Opened), len(taken.Closed), taken.Open)
	return out.err
}

// packageOf is the name of the package that a finding is about.
func packageOf(f harrier.Finding) string { return f.Key[strings.LastIndexByte(f.Key, ' ')+1:] }

func worst(found []finding) harrier.Severity {
	sev := harrier.Info
	for _, f := range found {
		sev = max(sev, f.severity)
	}
	return sev
}

// read reads the list of packages; what the flags say holds before what it says.
func (c matchCommand) read(in io.Reader) (inventory.List, error) {
	data, err := readBounded(c.Packages, in, inventory.MaxSize+1)
	if err != nil {
		return inventory.List{}, err
	}
	list, err := inventory.Read(data)
	if err != nil {
		return list, err
	}
	switch {
	case c.Distro != "":
		list.Distro, list.Release, err = inventory.Distro(c.Distro)
	case c.OSRelease != "":
		if data, err = readBounded(c.OSRelease, in, 64<<10); err == nil {
			list.Distro, list.Release, err = inventory.OSRelease(data)
		}
	}
	if err == nil && list.Ecosystem() == "" {
		err = harrier.Errorf(harrier.Invalid, "the list does not tell the distribution: give --os-release or --distro")
	}
	list.Kernel = cmp.Or(c.Kernel, list.Kernel)
	return list, err
}

// readBounded reads a file, or standard input for "-", up to a number of bytes.
func readBounded(path string, in io.Reader, most int64) ([]byte, error) {
	if path != "-" {
		f, err := os.Open(path)
		if err != nil {
			return nil, err
		}
		defer f.Close()
		in = f
	}
	return io.ReadAll(io.LimitReader(in, most))
}

// openContent opens the content in force in a data folder, verified, or a base
// file as it is.
func openContent(path string) (*content.Base, error) {
	if info, err := os.Stat(path); err == nil && !info.IsDir() {
		return content.Open(path)
	}
	c, err := pack.In(path).Load()
	if harrier.KindOf(err) == harrier.NotFound && err != nil {
		return nil, harrier.Errorf(harrier.NotFound, "there is no content in %s: harrier feed update fetches some", path)
	}
	if err != nil {
		return nil, err
	}
	return content.Open(c.Base)
}

// findings are the vulnerabilities of what is installed, the gravest first, then
// by package.
func findings(k match.Knowledge, inv harrier.Inventory) ([]finding, error) {
	if inv.Collected.IsZero() {
		inv.Collected = time.Now()
	}
	decisions, err := match.Packages(k, inv)
	if err != nil {
		return nil, err
	}
	found := []finding{}
	for _, d := range decisions {
		v, _, err := k.Vulnerability(d.Vulnerability)
		if err != nil {
			return nil, err
		}
		f := finding{
			Package: d.Thing.What, Installed: d.Thing.Package, Vulnerability: d.Name, Severity: strings.ToLower(v.Severity.String()),
			Fixed: d.Fixed, Source: d.Winner, Advisory: d.Advisory, Status: d.Status.String(), Certainty: d.Certainty.String(), Reasons: d.Reasons, severity: v.Severity,
		}
		if d.Fixed != "" && kernelInstalled(inv, d.Thing.What, d.Fixed) {
			f.Status = restartNeeded
		}
		found = append(found, f)
	}
	slices.SortStableFunc(found, func(a, b finding) int {
		return cmp.Or(cmp.Compare(b.severity, a.severity), strings.Compare(a.Package, b.Package), strings.Compare(a.Vulnerability, b.Vulnerability))
	})
	return found, nil
}

// spokenOf counts the packages of which the content says anything: without any,
// that nothing is found means nothing.
func spokenOf(k match.Knowledge, inv harrier.Inventory) (int, error) {
	ecosystems := []string{inv.Ecosystem()}
	if strings.HasPrefix(ecosystems[0], "rpm/") { // those that are rebuilt from it share its statements
		ecosystems = append(ecosystems, "rpm/redhat/"+inv.Release)
	}
	n := 0
	for _, p := range inv.Packages {
		name, _ := p.Of(ecosystems[0])
		for _, e := range ecosystems {
			statements, err := k.Statements(harrier.PackageKey(harrier.Package{Ecosystem: e, Name: name}))
			if err != nil {
				return 0, err
			}
			if len(statements) > 0 {
				n++
				break
			}
		}
	}
	return n, nil
}

// kernelInstalled reports whether a kernel of that name is installed in version
// fixed or later. It does not run yet where the one that runs is vulnerable.
func kernelInstalled(inv harrier.Inventory, name, fixed string) bool {
	ecosystem := inv.Ecosystem()
	deb := strings.HasPrefix(ecosystem, "deb/")
	if name != "linux" && !strings.HasPrefix(name, "linux-") && name != "kernel" && !strings.HasPrefix(name, "kernel-") {
		return false
	}
	for _, p := range inv.Packages {
		of, v := p.Of(ecosystem)
		if of == name && (!deb || strings.HasPrefix(p.Name, "linux-image-")) && order.Compare(order.SchemeOf(ecosystem), v, fixed) >= 0 {
			return true
		}
	}
	return false
}

func (c matchCommand) print(to io.Writer, m matched) error {
	if c.JSON {
		out := json.NewEncoder(to)
		out.SetEscapeHTML(false)
		out.SetIndent("", "  ")
		return out.Encode(m)
	}
	var b strings.Builder
	if len(m.Findings) > 0 {
		w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
		fmt.Fprintln(w, "PACKAGE\tINSTALLED\tVULNERABILITY\tSEVERITY\tFIXED\tSOURCE\tADVISORY\tSTATUS")
		for _, f := range m.Findings {
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", f.Package, f.Installed, f.Vulnerability, f.Severity,
				cmp.Or(f.Fixed, "-"), cmp.Or(f.Source, "-"), cmp.Or(f.Advisory, "-"), f.statusText())
		}
		if err := w.Flush(); err != nil {
			return err
		}
		b.WriteString("\n")
	}
	fmt.Fprintf(&b, "%d packages of %s, %d findings, content %s\n", m.Packages, strings.TrimSpace(m.Distro+" "+m.Release), len(m.Findings), m.Content)
	if m.Known == 0 {
		b.WriteString("the content says nothing about any of these packages: that nothing is found means nothing\n")
	}
	if m.Skipped > 0 {
		fmt.Fprintf(&b, "%d lines of the list could not be read\n", m.Skipped)
	}
	if len(m.NeedsRestart) > 0 {
		fmt.Fprintf(&b, "processes still run older builds, which is not judged here; restart what uses: %s\n", strings.Join(m.NeedsRestart, ", "))
	}
	_, err := io.WriteString(to, b.String())
	return err
}

func (f finding) statusText() string {
	if f.Certainty != harrier.Certain.String() {
		return f.Status + " (" + f.Certainty + ")"
	}
	return f.Status
}

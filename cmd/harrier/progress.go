package main

import (
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/term"

	"github.com/harrier-scan/harrier"
)

// progress draws one line about a scan that goes on, again and again.
type progress struct {
	mu    sync.Mutex
	w     io.Writer
	on    bool
	start time.Time
	drawn int // columns on the line now
}

func newProgress(w io.Writer, mode string) *progress {
	return &progress{w: w, on: mode == "always" || mode == "auto" && isTerminal(w), start: time.Now()}
}

func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// lookOf tells the table format what it is written to.
func lookOf(w io.Writer) map[string]string {
	look := map[string]string{"color": "never"}
	f, ok := w.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return look
	}
	if os.Getenv("NO_COLOR") == "" {
		look["color"] = "always"
	}
	if width, _, err := term.GetSize(int(f.Fd())); err == nil {
		look["width"] = strconv.Itoa(width)
	}
	return look
}

// update draws the line for the scan's present state.
func (p *progress) update(s harrier.Scan) {
	if !p.on {
		return
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s  %d/%d hosts, %d up", time.Since(p.start).Truncate(time.Second), s.HostsDone, s.HostsTotal, s.HostsAlive)
	for sev := harrier.Severities - 1; sev >= 0; sev-- {
		if n := s.Present[sev]; n > 0 {
			fmt.Fprintf(&b, "  %s %d", harrier.Severity(sev), n)
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	line := b.String()
	fmt.Fprintf(p.w, "\r%-*s", p.drawn, line)
	p.drawn = len(line)
}

// clear takes the line away.
func (p *progress) clear() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.drawn > 0 {
		fmt.Fprintf(p.w, "\r%s\r", strings.Repeat(" ", p.drawn))
		p.drawn = 0
	}
}

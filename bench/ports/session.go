package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/harrier-scan/harrier/bench/measure"
	"github.com/harrier-scan/harrier/test/netbed"
)

// session is what all cases share: the networks, and the programs.
type session struct {
	options
	dir  string
	beds map[time.Duration]*netbed.Bed // by delay
	bins map[string]string             // paths of peers that were found, by name
}

func newSession(ctx context.Context, o options, dir string) (*session, error) {
	s := &session{options: o, dir: dir, beds: map[time.Duration]*netbed.Bed{}, bins: map[string]string{}}
	if s.bin == "" {
		s.bin = filepath.Join(dir, "harrier")
		if err := netbed.Build(ctx, s.bin); err != nil {
			return nil, err
		}
	}
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	for _, p := range peers(nil) {
		switch path, ok := find(p.program); {
		case p.name == harrierName:
			s.bins[p.name] = s.bin
		case p.program == "":
			s.bins[p.name] = self
		case ok:
			s.bins[p.name] = path
		default:
			fmt.Fprintf(os.Stderr, "%s is not installed: left out\n", p.name)
		}
	}
	return s, nil
}

func (s *session) close() {
	for _, b := range s.beds {
		if err := b.Close(); err != nil {
			fmt.Fprintln(os.Stderr, "ports:", err)
		}
	}
}

// bed returns the network with that delay, made when it is first used.
func (s *session) bed(ctx context.Context, delay time.Duration) (*netbed.Bed, error) {
	if b := s.beds[delay]; b != nil {
		return b, nil
	}
	b, err := netbed.New(ctx, netbed.Options{Name: fmt.Sprintf("hbp%d-", len(s.beds)), Delay: delay})
	if err == nil {
		s.beds[delay] = b
	}
	return b, err
}

// measureCase runs the rounds of a case and hands each run to done.
func (s *session) measureCase(ctx context.Context, c scenario, done func(run) error) error {
	bed, err := s.bed(ctx, c.delay)
	if err != nil {
		return err
	}
	if err := bed.Shape(ctx, c.profile); err != nil {
		return err
	}
	ports, list, err := c.ask(s.ports)
	if err != nil {
		return err
	}
	j := job{c, list, filepath.Join(s.dir, "results")}
	truth := netbed.Truth(c.targets, ports, c.open)
	var in []peer
	for _, p := range peers(s.extra) {
		wanted := len(s.peers) == 0 || slices.Contains(s.peers, p.name)
		if wanted && s.bins[p.name] != "" && (p.name == harrierName || slices.Contains(c.peers, p.name)) {
			in = append(in, p)
		}
	}
	for round := range s.rounds {
		rand.Shuffle(len(in), func(a, b int) { in[a], in[b] = in[b], in[a] })
		for _, p := range in {
			r, err := s.measure(ctx, bed, p, j, truth)
			if err != nil {
				return fmt.Errorf("%s: %w", p.name, err)
			}
			r.Round, r.Probes = round, c.hosts()*len(ports)
			fmt.Fprintf(os.Stderr, "%s round %d: %s %.2f s, recall %.4f %s\n", c.name, round+1, p.name, r.Wall, r.recall(), r.Fault)
			if err := done(r); err != nil {
				return err
			}
		}
	}
	return nil
}

// settle is the pause between two runs, for what the one before left in the
// kernels: half-open connections and frames on their way.
const settle = 500 * time.Millisecond

// measure lets p do the job once.
func (s *session) measure(ctx context.Context, bed *netbed.Bed, p peer, j job, truth map[netip.AddrPort]bool) (run, error) {
	if err := os.Remove(j.out); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return run{}, err
	}
	if p.trickle {
		stop, err := bed.Trickle()
		if err != nil {
			return run{}, err
		}
		defer stop()
	}
	select {
	case <-ctx.Done():
		return run{}, ctx.Err()
	case <-time.After(settle):
	}
	before, err := bed.Sent()
	if err != nil {
		return run{}, err
	}
	limited, cancel := context.WithTimeout(ctx, s.limit)
	defer cancel()
	cmd := bed.Command(limited, s.bins[p.name], p.args(j)...)
	cmd.Dir = s.dir // some leave files behind
	r := run{Case: j.name, Peer: p.name, At: time.Now().UTC().Truncate(time.Second), Host: measure.Host(), Truth: len(truth)}
	r.Use, r.Fault = measure.Watch(cmd)
	if limited.Err() != nil {
		r.Fault = stopped + s.limit.String()
	}
	if ctx.Err() != nil {
		return run{}, ctx.Err()
	}
	after, err := bed.Sent()
	if err != nil {
		return run{}, err
	}
	r.Frames = after - before
	found, err := p.read(j)
	if err != nil && r.Fault == "" {
		r.Fault = err.Error()
	}
	for at := range found {
		if truth[at] {
			r.Found++
		} else {
			r.False++
		}
	}
	return r, nil
}

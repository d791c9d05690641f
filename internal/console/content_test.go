package console

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/harrier-scan/harrier/internal/content/pack"
)

// adopt puts content in force in a data folder, as another process would.
func adopt(t *testing.T, data, version string) pack.Manifest {
	t.Helper()
	place := pack.In(data)
	key, err := place.Key()
	if err != nil {
		t.Fatal(err)
	}
	base := filepath.Join(t.TempDir(), "base.db")
	if err := os.WriteFile(base, []byte(version), 0o600); err != nil {
		t.Fatal(err)
	}
	m, err := place.Adopt(base, pack.Manifest{Version: version}, key, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// used is what a watch handed on.
type used struct {
	mu       sync.Mutex
	versions []string
	fault    error
	told     chan string
}

func (u *used) use(_ context.Context, c pack.Content) error {
	b, err := os.ReadFile(c.Base)
	if err != nil {
		return err
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.fault != nil {
		return u.fault
	}
	u.versions = append(u.versions, string(b))
	if u.told != nil {
		u.told <- string(b)
	}
	return nil
}

func (u *used) got() string {
	u.mu.Lock()
	defer u.mu.Unlock()
	return strings.Join(u.versions, " ")
}

func TestContentWatch(t *testing.T) {
	data, u, log := t.TempDir(), &used{}, &bytes.Buffer{}
	w := newContentWatch(data, slog.New(slog.NewTextHandler(log, nil)), u.use)
	step := func(what, versions, inForce, fault, logged string) {
		t.Helper()
		log.Reset()
		w.look(t.Context())
		s := w.State()
		if u.got() != versions || s.Content.Version != inForce || (s.Err != nil) != (fault != "") || s.Err != nil && !strings.Contains(s.Err.Error(), fault) {
			t.Errorf("%s: used %q, in force %q, %v; want %q, %q, %q", what, u.got(), s.Content.Version, s.Err, versions, inForce, fault)
		}
		if !strings.Contains(log.String(), logged) || logged == "" && log.Len() > 0 {
			t.Errorf("%s: logged %q; want %q", what, log, logged)
		}
	}
	step("nothing", "", "", "", "")
	adopt(t, data, "one")
	step("the first", "one", "one", "", "content is in force")
	step("the same again", "one", "one", "", "")
	adopt(t, data, "two")
	step("other content", "one two", "two", "", "content is in force")

	adopt(t, data, "three")
	c, err := pack.In(data).Load()
	if err == nil {
		err = os.Chmod(c.Base, 0o600)
	}
	if err == nil {
		err = os.WriteFile(c.Base, []byte("evil!"), 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	step("tampered with", "one two", "two", "changed after it was signed", "instead=\"content two\"")
	step("tampered with, again", "one two", "two", "changed after it was signed", "")
	u.fault = errors.New("another version")
	adopt(t, data, "four")
	step("not wanted", "one two", "two", "another version", "the installed content is not used")
	u.fault = nil
	adopt(t, data, "five")
	step("mended", "one two five", "five", "", "content is in force")
	if err := os.WriteFile(filepath.Join(data, "content", "current"), []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	step("pointer damaged", "one two five", "five", "damaged", "the installed content is not used")
	step("pointer damaged, again", "one two five", "five", "damaged", "")
}

// TestContentAtStart: what does not verify is not used from the start on.
func TestContentAtStart(t *testing.T) {
	data, u := t.TempDir(), &used{}
	adopt(t, data, "one")
	head, err := filepath.Glob(filepath.Join(data, "content", "installed", "*", "head"))
	if err != nil || len(head) != 1 {
		t.Fatal(head, err)
	}
	if err := os.Remove(head[0]); err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	w := newContentWatch(data, slog.New(slog.NewTextHandler(&log, nil)), u.use)
	w.look(t.Context())
	if s := w.State(); u.got() != "" || s.Content.Sequence != 0 || s.Err == nil || !strings.Contains(log.String(), `instead="built-in facts"`) {
		t.Errorf("used %q, state %+v, log %s", u.got(), s, &log)
	}
}

func TestContentIsNoticed(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	data, u := t.TempDir(), &used{told: make(chan string, 4)}
	w := newContentWatch(data, slog.New(slog.DiscardHandler), u.use)
	w.poll = 2 * time.Millisecond
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { ended <- w.run(ctx) }()
	for _, version := range []string{"one", "two"} {
		adopt(t, data, version)
		select {
		case got := <-u.told:
			if got != version {
				t.Errorf("told of %q; want %q", got, version)
			}
		case <-time.After(20 * time.Second):
			t.Fatalf("%s is not noticed", version)
		}
	}
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("run = %v", err)
	}
}

// TestUpdateFails: a console updates when asked, goes on when an update fails,
// and ends.
func TestUpdateFails(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	data := t.TempDir()
	release, err := pack.In(data).Reserve() // another process updates
	if err != nil {
		t.Fatal(err)
	}
	defer release()
	told := make(chan string, 16)
	log := slog.New(slog.NewTextHandler(lineWriter(told), nil))
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error)
	now := newAsked()
	now.ask()
	now.ask() // changes nothing
	go func() { ended <- updateContent(ctx, data, time.Hour, time.Millisecond, now, log) }()
	for range 2 {
		if line := <-told; !strings.Contains(line, "being updated by another process") {
			t.Errorf("logged %q", line)
		}
	}
	cancel()
	for {
		select {
		case <-told:
		case err := <-ended:
			if !errors.Is(err, context.Canceled) {
				t.Errorf("updateContent = %v", err)
			}
			return
		}
	}
}

// lineWriter hands lines on.
type lineWriter chan string

func (l lineWriter) Write(p []byte) (int, error) { l <- string(p); return len(p), nil }

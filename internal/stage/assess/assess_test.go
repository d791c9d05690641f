package assess_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/check"
	"github.com/harrier-scan/harrier/internal/stage/assess"
)

type runFunc = func(context.Context, check.Target) (harrier.Verdict, string, error)

func says(v harrier.Verdict, evidence string, err error) runFunc {
	return func(context.Context, check.Target) (harrier.Verdict, string, error) { return v, evidence, err }
}

func TestRun(t *testing.T) {
	at := harrier.Endpoint{Protocol: harrier.TCP, Port: 6379}
	for name, test := range map[string]struct {
		run     runFunc
		outcome harrier.Outcome
		reason  string
	}{
		"present":       {says(harrier.Present, "proof", nil), harrier.Vulnerable, ""},
		"absent":        {says(harrier.Absent, "", nil), harrier.Clean, ""},
		"unknown":       {says(harrier.Unknown, "", nil), harrier.Failed, "the check could not tell"},
		"error":         {says(harrier.Unknown, "", errors.New("no answer")), harrier.Failed, "no answer"},
		"absent, error": {says(harrier.Absent, "", errors.New("broken off")), harrier.Failed, "broken off"},
		"long error":    {says(harrier.Unknown, "", errors.New(strings.Repeat("é", 200))), harrier.Failed, strings.Repeat("é", 100)},
		"panic":         {func(context.Context, check.Target) (harrier.Verdict, string, error) { panic("oh") }, harrier.Failed, "the check has a fault: oh"},
		"hangs": {func(ctx context.Context, _ check.Target) (harrier.Verdict, string, error) {
			<-ctx.Done()
			return harrier.Unknown, "", ctx.Err()
		}, harrier.Failed, "no verdict within 50ms"},
	} {
		c := check.Check{CheckInfo: harrier.CheckInfo{ID: 7}, Run: test.run}
		got, err := assess.Run(t.Context(), c, check.Target{Service: harrier.Service{Endpoint: at, Name: "redis"}}, 50*time.Millisecond)
		if want := (harrier.Done{Check: 7, Endpoint: at, Outcome: test.outcome, Reason: test.reason}); err != nil || got.Done != want {
			t.Errorf("%s: Run = %+v, %v; want %+v", name, got.Done, err, want)
		}
		if (got.Observation != nil) != (test.outcome == harrier.Vulnerable) {
			t.Errorf("%s: observation %+v; want one only of what is vulnerable", name, got.Observation)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	stopped := check.Check{Run: says(harrier.Unknown, "", context.Canceled)}
	if got, err := assess.Run(ctx, stopped, check.Target{}, time.Minute); !errors.Is(err, context.Canceled) {
		t.Errorf("Run of a scan that ended = %+v, %v; want no outcome", got, err)
	}
}

// A check that signs in runs with credentials of its type only.
func TestPlannedLogin(t *testing.T) {
	list := []check.Check{{CheckInfo: with(harrier.CheckInfo{Safe: true}, 1), Login: "SSH"}}
	for kind, want := range map[string]int{"SSH": 1, "Windows": 0, "": 0} {
		run, refused := assess.Planned(list, harrier.NewIDs([]harrier.VulnID{1}), harrier.Settings{}, []harrier.Login{{Credential: harrier.Credential{Type: kind}}})
		if len(run) != want || len(refused) != 1-want {
			t.Errorf("with credentials for %q, %d run and %d are refused; want %d to run", kind, len(run), len(refused), want)
		}
	}
}

func TestPlanned(t *testing.T) {
	safe := harrier.CheckInfo{Safe: true}
	list := []check.Check{
		{CheckInfo: with(safe, 1)}, {CheckInfo: with(harrier.CheckInfo{}, 2)}, {CheckInfo: with(safe, 3), GuessLogin: true}, {CheckInfo: with(safe, 4)},
	}
	for _, test := range []struct {
		set          harrier.Settings
		run, refused []harrier.VulnID
	}{
		{harrier.Settings{}, []harrier.VulnID{1}, []harrier.VulnID{2, 3}},
		{harrier.Settings{Unsafe: true, GuessLogins: true}, []harrier.VulnID{1, 2, 3}, nil},
		{harrier.Settings{Unsafe: true, GuessLogins: true}.Gentled(), []harrier.VulnID{1}, []harrier.VulnID{2, 3}},
	} {
		run, refused := assess.Planned(list, harrier.NewIDs([]harrier.VulnID{1, 2, 3}), test.set, nil)
		var gotRun, gotRefused []harrier.VulnID
		for _, c := range run {
			gotRun = append(gotRun, c.ID)
		}
		for _, d := range refused {
			if d.Outcome != harrier.Skipped || d.Reason == "" || d.Endpoint != (harrier.Endpoint{}) {
				t.Errorf("Planned(%+v) refuses with %+v; want skipped for the host, with a reason", test.set, d)
			}
			gotRefused = append(gotRefused, d.Check)
		}
		if diff := cmp.Diff(test.run, gotRun, cmpopts.EquateEmpty()) + cmp.Diff(test.refused, gotRefused, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("Planned(%+v) (-want +got):\n%s", test.set, diff)
		}
	}
}

func with(c harrier.CheckInfo, id harrier.VulnID) harrier.CheckInfo {
	c.ID = id
	return c
}

func TestApplies(t *testing.T) {
	redis := func(s harrier.Service) bool { return s.Name == "redis" }
	list := []check.Check{
		{CheckInfo: with(harrier.CheckInfo{}, 1), Applies: redis},
		{CheckInfo: with(harrier.CheckInfo{}, 2), Applies: redis, HostLevel: true},
		{CheckInfo: with(harrier.CheckInfo{}, 3), HostLevel: true},
		{CheckInfo: with(harrier.CheckInfo{}, 4)},
	}
	ids := func(list []check.Check) (out []harrier.VulnID) {
		for _, c := range list {
			out = append(out, c.ID)
		}
		return out
	}
	for name, want := range map[string][2][]harrier.VulnID{"redis": {{1}, {2, 3}}, "ssh": {nil, {3}}} {
		s := harrier.Service{Name: name}
		if diff := cmp.Diff(want, [2][]harrier.VulnID{ids(assess.ForService(list, s)), ids(assess.ForHost(list, []harrier.Service{s}))}); diff != "" {
			t.Errorf("checks for %s (-want +got):\n%s", name, diff)
		}
	}
}

package harrier

import "testing"

// TestBounded: an engine does no more than it may, and never more than the policy
// says.
func TestBounded(t *testing.T) {
	may := map[string]string{EngineRate: "100", EngineHostRate: "10", EngineHosts: "32", "other": "1"}
	for _, tt := range []struct{ in, want Settings }{
		{Settings{}, Settings{RatePPS: 100, HostRatePPS: 10, MaxHosts: 32}},
		{Settings{RatePPS: 50, HostRatePPS: 20, MaxHosts: 8}, Settings{RatePPS: 50, HostRatePPS: 10, MaxHosts: 8}},
	} {
		if got := tt.in.Bounded(may); got.RatePPS != tt.want.RatePPS || got.HostRatePPS != tt.want.HostRatePPS || got.MaxHosts != tt.want.MaxHosts {
			t.Errorf("Bounded(%+v) = %+v; want %+v", tt.in, got, tt.want)
		}
	}
	if got := (Settings{}).Bounded(map[string]string{EngineHosts: "1000", EngineRate: "x"}); got.MaxHosts != 0 || got.RatePPS != 0 {
		t.Errorf("Bounded by more than is usual = %+v; want what it was", got)
	}
}

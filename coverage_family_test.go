package harrier

import "testing"

func TestFamilyChecks(t *testing.T) {
	web, data := FamilyCheck(1), FamilyCheck(21)
	a, b, c, single, left := VulnID(1_240_000_001), VulnID(1_240_000_002), VulnID(1_240_000_003), VulnID(1_240_000_004), VulnID(1_240_000_005)
	family := func(id VulnID) VulnID {
		if id == c {
			return data
		}
		return web
	}
	planned := Plan{Checks: []VulnID{10, web, single}, Except: []VulnID{left}}.Planned(family)
	for id, want := range map[VulnID]bool{10: true, 11: false, a: true, b: true, c: false, single: true, left: false, web: true, data: false} {
		if planned.Has(id) != want {
			t.Errorf("Has(%d) = %v", id, !want)
		}
	}
	e, f := Endpoint{Protocol: TCP, Port: 80}, Endpoint{Protocol: TCP, Port: 443}
	cov := Coverage{Alive: true, Complete: true, Planned: planned.Len(), Enabled: planned, Ports: Ports{TCP: []PortRange{{First: 1, Last: 1000}}}}
	cov.Add(Done{Check: a, Endpoint: e, Outcome: Vulnerable})
	cov.Add(Done{Check: b, Endpoint: e, Outcome: Vulnerable})
	cov.Add(Done{Check: web, Endpoint: f, Outcome: Failed, Reason: "the version is not shown"})
	for _, x := range []struct {
		id   VulnID
		at   Endpoint
		want Outcome
	}{
		{a, e, Vulnerable},
		{VulnID(1_240_000_009), e, Clean}, // another one of the family is there, this one is not
		{a, f, Failed},
		{single, f, Clean}, // counted by itself
		{c, e, Skipped},
		{left, e, Skipped},
		{10, e, Clean},
	} {
		if got, _ := cov.Outcome(x.id, x.at); got != x.want {
			t.Errorf("Outcome(%d, %s) = %s, want %s", x.id, x.at, got, x.want)
		}
	}
	if got := cov.Totals(); got != (Totals{Planned: 3, Clean: 2, Vulnerable: 1}) || !got.Balanced() {
		t.Errorf("Totals() = %+v", got)
	}
}

package harrier

import "testing"

func TestCVENumber(t *testing.T) {
	for id, want := range map[string]VulnID{
		"CVE-2024-6387": 1_240_006_387, "cve-1999-0001": 1_990_000_001, "CVE-2026-123633": 1_260_123_633, "CVE-2025-9999999": 1_259_999_999,
		"CVE-1998-0001": 0, "CVE-2024-638": 0, "CVE-2024-12345678": 0, "CVE-2024-63x7": 0, "GHSA-2p49-hgcm-8545": 0, "": 0, "CVE-2099-1234": 0,
	} {
		got, ok := CVENumber(id)
		if got != want || ok != (want != 0) {
			t.Errorf("CVENumber(%q) = %d, %v, want %d", id, got, ok, want)
		}
		if ok && !got.OfContent() {
			t.Errorf("%d is not of content", got)
		}
	}
	if got := VulnID(1_240_006_387).CVE(); got != "CVE-2024-6387" {
		t.Errorf("CVE() = %q", got)
	}
	if got := VulnID(1_990_000_001).CVE(); got != "CVE-1999-0001" {
		t.Errorf("CVE() = %q", got)
	}
	if n := ContentNumber("GHSA-2p49-hgcm-8545"); n != ContentNumber("ghsa-2p49-hgcm-8545") || n >= firstCVE || !n.OfContent() || n.CVE() != "" {
		t.Errorf("ContentNumber of an advisory = %d", n)
	}
}

func FuzzCVENumber(f *testing.F) {
	f.Add("CVE-2024-6387")
	f.Fuzz(func(t *testing.T, id string) {
		n, ok := CVENumber(id)
		if !ok {
			return
		}
		if back, again := CVENumber(n.CVE()); !again || back != n {
			t.Errorf("%q is %d, which is %q", id, n, n.CVE())
		}
	})
}

package version

import "testing"

func TestServers(t *testing.T) {
	for _, c := range []struct {
		scheme, a, b string
		want         int
	}{
		{Dotted, "1.22.1", "1.22.1", 0},
		{Dotted, "1.22.1", "1.9.15", 1},
		{Dotted, "1.22", "1.22.0", 0},
		{Dotted, "v1.22.1", "1.22.1-9+deb12u3", 0},
		{Dotted, "8.0.36-0ubuntu0.22.04.1", "8.0.36", 0},
		{Dotted, "4.17.12-Debian", "4.17.12", 0},
		{Dotted, "2.4.6", "2.4.57", -1},
		{Dotted, "1.3.5rc1", "1.3.5", -1},
		{Dotted, "1.3.5a", "1.3.5", 1},
		{Dotted, "1.3.5a", "1.3.5b", -1},
		{Dotted, "1.3.5b", "1.3.6rc1", -1},
		{Dotted, "4.97-RC1", "4.97", -1},
		{Dotted, "4.97_RC2", "4.97-RC1", 1},
		{Dotted, "9.0.0.M3", "9.0.0.M11", -1},
		{Dotted, "9.0.0-M27", "9.0.0", -1},
		{Dotted, "10.1.0-M1", "10.0.27", 1},
		{Dotted, "2022.83", "2022.9", 1},
		{Dotted, "3.2.0.1", "3.2", 1},
		{Dotted, "1.18446744073709551616", "1.18446744073709551615", 1},
		{Dotted, "not a version", "0.0.1", -1},
		{OpenSSH, "9.2p1", "9.2p1 Debian-2+deb12u10", 0},
		{OpenSSH, "9.8p1", "9.8", 0},
		{OpenSSH, "9.3p1", "9.3p2", -1},
		{OpenSSH, "10.0p2", "9.9p2", 1},
		{OpenSSH, "7.4p1-hpn14v5", "7.4p1", 0},
		{BIND, "9.18.0a1", "9.18.0b1", -1},
		{BIND, "9.18.0b2", "9.18.0rc1", -1},
		{BIND, "9.18.0rc1", "9.18.0", -1},
		{BIND, "9.9.7-P2", "9.9.7", 1},
		{BIND, "9.9.7-P2", "9.9.7-P10", -1},
		{BIND, "9.11.4-P2-RedHat-9.11.4-26.P2.el7_9.15", "9.11.4-P2", 0},
		{BIND, "9.18.49-1~deb12u3-Debian", "9.18.49", 0},
		{BIND, "9.16.48-S1", "9.16.48", 0},
	} {
		if got := Compare(c.scheme, c.a, c.b); got != c.want {
			t.Errorf("Compare(%s, %q, %q) = %d; want %d", c.scheme, c.a, c.b, got, c.want)
		}
		if got := Compare(c.scheme, c.b, c.a); got != -c.want {
			t.Errorf("Compare(%s, %q, %q) = %d; want %d", c.scheme, c.b, c.a, got, -c.want)
		}
	}
}

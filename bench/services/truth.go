package main

import (
	"context"
	_ "embed"
	"encoding/csv"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
)

// service is what is true about a port.
type service struct {
	port    uint16
	tls     bool
	name    string // of the protocol
	pack    string // Debian package
	product string
	version string // upstream's, of the installed package
	cpe     string // with the version; "" when none is registered
	// reach says how the whole version can be known without a login: by the
	// "banner", by the right "question", in "part", or "no".
	reach string
}

func (s service) reachable() bool { return s.reach == "banner" || s.reach == "question" }

//go:embed services.tsv
var table string

// truth reads the table and asks the tree's packages for their versions. A
// service that does not listen is left out, and said.
func truth(ctx context.Context, tree string, listening map[uint16]bool) ([]service, error) {
	all, err := readTable(table)
	if err != nil {
		return nil, err
	}
	var out []service
	for _, s := range all {
		version, err := packageVersion(ctx, tree, s.pack)
		if err != nil || !listening[s.port] {
			fmt.Fprintf(os.Stderr, "%s on port %d does not listen: left out\n", s.pack, s.port)
			continue
		}
		s.version = upstream(version)
		if s.cpe != "" {
			s.cpe = cpeOf(s.cpe, s.version)
		}
		out = append(out, s)
	}
	return out, nil
}

func readTable(text string) ([]service, error) {
	r := csv.NewReader(strings.NewReader(text))
	r.Comma = '\t'
	rows, err := r.ReadAll()
	if err != nil {
		return nil, err
	}
	var out []service
	for _, row := range rows[1:] {
		port, err := strconv.ParseUint(row[0], 10, 16)
		if err != nil {
			return nil, err
		}
		s := service{port: uint16(port), tls: row[2] == "yes", name: row[3], pack: row[4], product: row[6], reach: row[7]}
		if row[5] != "-" {
			s.cpe = row[5]
		}
		out = append(out, s)
	}
	return out, nil
}

// packageVersion is that of an installed package, or of one that was only
// unpacked from its file.
func packageVersion(ctx context.Context, tree, name string) (string, error) {
	out, err := exec.CommandContext(ctx, "chroot", tree, "dpkg-query", "-W", "-f", "${Version}", name).Output()
	if err == nil && len(out) > 0 {
		return string(out), nil
	}
	out, err = exec.CommandContext(ctx, "chroot", tree, "sh", "-c", "dpkg-deb -f /srv/deb/"+name+"_*.deb Version").Output()
	return strings.TrimSpace(string(out)), err
}

var upstreamPattern = regexp.MustCompile(`^(?:\d+:)?([^-+~]+)`)

// upstream is the part of a Debian version that the upstream project gave it:
// without epoch, Debian revision and repackaging marks.
func upstream(version string) string {
	if m := upstreamPattern.FindStringSubmatch(version); m != nil {
		return m[1]
	}
	return version
}

// cpeOf writes the CPE 2.3 name. OpenSSH's portable release is the update.
func cpeOf(name, version string) string {
	if name == "openbsd:openssh" {
		if v, p, ok := strings.Cut(version, "p"); ok {
			return "cpe:2.3:a:" + name + ":" + v + ":p" + p + ":*:*:*:*:*:*"
		}
	}
	return "cpe:2.3:a:" + name + ":" + version + ":*:*:*:*:*:*:*"
}

//go:build unix

// Package daemons is one table of real servers from Debian packages and what
// is true about them, and starts them for tests.
//
// A daemon has a flawed configuration and mostly a fixed one, its twin. Of each
// port the table tells what a scanner must find out: name, TLS, product,
// whether the wire shows the package's version, and the findings of checks. A
// twin lacks the flaws, so that a finding on it is a false one.
package daemons

import (
	"slices"

	"github.com/harrier-scan/harrier"
)

// Daemon is a server and how it is run. Its texts may have placeholders:
//
//	{D}              its own folder, where the config is
//	{A}              the address that it must listen on, and on no other
//	{P} {Q} {R}      its ports, see Port.Key
//	{X}              a number that no other daemon has
//	{PG}             the newest installed version of PostgreSQL
//	{+}              in Config: that of the variant
//
// The folder also has cert.pem and key.pem, see Certificate.
type Daemon struct {
	Package string // Debian package whose version the server shows
	Binary  string // a name to search or a path
	Args    string // blanks separate
	Config  string // written to {D}/config
	User    string // who runs it and owns the folder when the test is root; "": root, who may give it up
	Prepare string // a shell command before the start
	Env     string // environment variables, one on a line
	Beside  string // a shell command that runs beside the server and ends with it
	Flawed  Variant
	Fixed   *Variant // nil: it has no twin
}

// Variant is what one configuration adds to that of its daemon, and what is
// true about it.
type Variant struct {
	Args        string // added to the daemon's
	Config      string // stands for {+} in the daemon's
	Prepare     string // a shell command before the start, after the daemon's
	After       string // a shell command once it listens, as root
	Certificate Certificate
	Ports       []Port
}

// Port is a listening port and what must be told of it.
type Port struct {
	Key      string // "P", "Q" or "R"
	Standard uint16
	Protocol harrier.Protocol
	Name     string // of the service
	TLS      bool
	Product  string // "": the wire does not tell
	Version  bool   // the wire shows the package's version; otherwise none may be told
	// Findings are the vulnerabilities that active checks must report, in
	// rising order. See Judged for those that they must not.
	Findings []harrier.VulnID
}

// All lists the daemons.
func All() []Daemon {
	return slices.Concat(webServers, databases, brokers, mailServers, directories, logins)
}

// Judged reports whether the table is complete about a vulnerability: where it
// does not list a finding of it, there must be none. That holds for whatever
// is named anywhere in the table, and for all that is more than informational.
func Judged(id harrier.VulnID, severity harrier.Severity) bool {
	if severity > harrier.Info {
		return true
	}
	for _, d := range All() {
		for _, v := range d.Variants() {
			for _, p := range v.Ports {
				if slices.Contains(p.Findings, id) {
					return true
				}
			}
		}
	}
	return false
}

// Variants returns the flawed and, when there is one, the fixed configuration.
func (d Daemon) Variants() []Variant {
	if d.Fixed == nil {
		return []Variant{d.Flawed}
	}
	return []Variant{d.Flawed, *d.Fixed}
}

// tcp is the usual list of ports: one.
func tcp(standard uint16, name, product string, version bool, findings ...harrier.VulnID) []Port {
	return []Port{{Key: "P", Standard: standard, Protocol: harrier.TCP, Name: name, Product: product, Version: version, Findings: findings}}
}

// Package harrier holds the words of Harrier: the nouns of its one data model
// (sites, scans, assets, services, vulnerabilities, checks, observations,
// findings, coverage, policies, engines, repositories, exceptions, actors) and
// the rules about them. It is pure: standard library only, no I/O, no clock.
//
// Every API dialect is a translation of these words and every rule that two
// dialects could disagree about lives here, once.
//
// Instants are UTC. An ID of zero means "none".
package harrier

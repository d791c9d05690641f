// Package engines puts a console and engines elsewhere into network namespaces,
// each behind a firewall of its own, and lets them fail: engines and console by
// SIGKILL, links by being taken down.
//
//	console 10.79.0.1 ─┐
//	target  10.79.0.2 ─┼─ bridge      10.77.0.0/16 is local to the target
//	engine  10.79.0.1x ┘
//
// The firewall of an engine lets nothing in but answers; that of the console
// only the API and the engines' port.
package engines

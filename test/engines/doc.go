// Package engines puts a console and engines elsewhere into network namespaces,
// each behind a firewall of its own, and lets them fail: engines and console by
// SIGKILL, links by being taken down.
//
//	console 10.79.0.1  ─┐
//	                    ├─ bridge
//	engine  10.79.0.1x ─┘
//	engine  10.78.0.1x ─┐
//	                    ├─ bridge
//	target  10.78.0.2  ─┘             10.77.0.0/16 is local to the target
//
// Only the links to the console fail: a target that can not be reached is told
// as such, which is another matter.
//
// The firewall of an engine lets nothing in but answers; that of the console
// only the API and the engines' port.
package engines

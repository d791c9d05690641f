// Package insightvm holds a client of the InsightVM API that asks as public
// collectors do, each in its own way, and reads strictly: a member that it does
// not know, or one of another kind, fails the test. It speaks to a console that is
// filled by real scans.
//
// Source: sections 9 and 11 of insightvm-api.md.
package insightvm

// Package nessus is the door for clients of the Nessus REST API, as it is
// spoken on port 8834.
//
// A Nessus "scan" is a site, a row of its history is a scan, a "plugin" a
// vulnerability. Each file has the name of a resource of the API and follows
// the order of the reference, nessus-api.md; wire structs stand beside the
// functions that translate them. What differs from the original is told in
// docs/dialects/nessus.md.
package nessus

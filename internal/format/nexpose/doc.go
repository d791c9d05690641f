// Package nexpose writes results in the shapes that programs made for NeXpose
// read: the two raw exports, the simple export, and the table by its column
// names.
//
// What is written follows the strictest of the known readers: files begin with
// their root element, every node has fingerprints, tests and endpoints even if
// they are empty, every endpoint a service with a name, and every test a
// definition. Results that only state a fact, and that nobody has graded
// otherwise, are told by fingerprints, services and configuration instead of by
// tests. Texts lose what XML 1.0 can not hold.
//
// Sources are sections of the project's nexpose-api.md.
package nexpose

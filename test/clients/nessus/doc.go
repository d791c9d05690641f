// Package nessus lets published clients of the Nessus API drive a running
// console through the whole life cycle, on live scans of real servers, and
// published readers read what it exports. The clients are unmodified; their
// scripts are in testdata.
//
// The test starts everything itself: the console from this tree, and servers
// of Debian packages on loopback addresses of their own. scripts/setup-test.sh
// installs what is needed.
package nessus

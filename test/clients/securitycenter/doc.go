// Package securitycenter lets published clients of the SecurityCenter API drive
// a running console. The clients are unmodified; their scripts are in testdata.
//
// The test starts the console from this tree itself. scripts/setup-test.sh
// installs what is needed.
package securitycenter

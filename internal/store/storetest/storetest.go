// Package storetest holds the promises of package store as tests, to be run
// on each database that it supports.
package storetest

import (
	"slices"
	"strings"
	"testing"

	"github.com/harrier-scan/harrier/internal/store"
)

// Run puts every promise to databases at the addresses that fresh returns,
// each of which must be empty.
func Run(t *testing.T, fresh func(t *testing.T) string) {
	for _, p := range slices.Concat(promises, searchPromises, alertPromises, enginePromises) {
		t.Run(p.name, func(t *testing.T) { p.run(t, fresh(t)) })
	}
}

// RunOpened is Run for another way to open a kind of database that Run is put to
// as well: without the promises that hang on nothing but the SQL which that kind
// is given.
func RunOpened(t *testing.T, fresh func(t *testing.T) string) {
	for _, p := range slices.Concat(promises, alertPromises, enginePromises) {
		t.Run(p.name, func(t *testing.T) { p.run(t, fresh(t)) })
	}
}

// promise is a test, given the address of an empty database.
type promise struct {
	name string
	run  func(t *testing.T, dsn string)
}

// searchPromises lists the tests of what many searches mean.
var searchPromises = []promise{
	{"thousands of ranges", manyRanges},
	{"a search answers as the words do", searchMatches},
	{"sums are those of the words", sumsMatch},
	{"the search language means what the words say", languageMatches},
	{"walks are in one order", walks},
}

// promises lists the other tests.
var promises = []promise{
	{"every field of every noun comes back", roundTrips},
	{"what does not exist is NotFound", notFound},
	{"identities are never given twice", freshIDs},
	{"unique names are kept unique", conflicts},
	{"a new database has its seeds", seeds},
	{"a failed transaction leaves nothing", rollback},
	{"a nested call joins the transaction", nested},
	{"a conflict leaves the transaction usable", conflictInTx},
	{"transactions write one at a time", serial},
	{"a cancelled transaction leaves nothing", cancelled},
	{"who sees what has a version", accessVersion},
	{"objects are given to another user", givenObjects},
	{"sessions end when idle", sessions},
	{"the audit log is newest first", auditLog},
	{"due sites", dueSites},
	{"reports by token and age", reportLookups},
	{"text that a database can not hold is made valid", strangeText},
	{"plans never change", plans},
	{"scans by site and state", scanLists},
	{"batches finish once", batches},
	{"a deleted scan takes its parts along", deleteScan},
	{"vulnerabilities", vulnerabilities},
	{"assets", assets},
	{"services are kept by endpoint", services},
	{"what assets are recognised by", identifiers},
	{"what stands beside many assets", besideAssets},
	{"keys of programs and properties of engines", keysAndProperties},
	{"software of assets", things},
	{"tags of assets", tagUses},
	{"hosts that wait to be recognised", waitingHosts},
	{"scans are told of, and hosts fall silent", scanLife},
	{"audit files come back with their texts", auditFiles},
	{"merges come back", mergeRecords},
	{"what is deleted can be restored", restored},
	{"hosts of a scan", hosts},
	{"sums of a scan", scanSums},
	{"many at once are as many singly", groups},
	{"many hosts at once are as many singly", groupsOfHosts},
	{"findings come back", findings},
	{"findings are taken in later as at once", later},
	{"assets at once are as singly", assetsAtOnce},
	{"findings are kept by instance", findingKeys},
	{"counts are exact at every step", countsExact},
	{"pages are parts of one order", pages},
	{"ranges, patterns and what an asset has", searchWords},
	{"what changed between two instants", changesBetween},
	{"what can not be searched is Invalid", badSearches},
	{"readers read while a writer writes", readersAndWriter},
	{"the attack surface of a site", surface},
	{"what was committed is there after reopening", reopen},
}

func open(t *testing.T, dsn string) *store.DB {
	t.Helper()
	dsn, keep := strings.CutPrefix(dsn, viewed)
	db, err := store.Open(t.Context(), dsn)
	if err != nil {
		t.Fatalf("Open = %v", err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Errorf("Close = %v", err)
		}
	})
	if keep {
		keepView(t, db)
	}
	return db
}

// must ends the test on an error.
func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// got ends the test on an error and returns the value otherwise.
func got[T any](v T, err error) func(t *testing.T) T {
	return func(t *testing.T) T {
		t.Helper()
		must(t, err)
		return v
	}
}

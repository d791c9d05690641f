// Package databases has the checks of database servers and caches: whether they
// let anybody in.
package databases

import (
	"slices"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/check"
)

// Checks lists the checks of this package.
var Checks = []check.Check{
	RedisNoAuth, MemcachedNoAuth, MongoDBNoAuth, ElasticsearchNoAuth, CouchDBNoAuth, MySQLRootEmpty, PostgreSQLTrust,
}

const family = "Databases"

// named returns the services of one of names.
func named(names ...string) func(harrier.Service) bool {
	return func(s harrier.Service) bool { return s.Protocol != harrier.UDP && slices.Contains(names, s.Name) }
}

// namedOr returns the services of a name, and those on its usual port that
// were not recognised.
func namedOr(name string, port uint16) func(harrier.Service) bool {
	return func(s harrier.Service) bool {
		return s.Protocol != harrier.UDP && (s.Name == name || s.Name == "" && s.Port == port)
	}
}

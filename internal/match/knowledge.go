package match

import (
	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/feed"
)

// Knowledge is what is known of vulnerabilities: every source's word, by the
// thing that it speaks of. Calls may overlap. Of what it returns nothing is
// changed here.
type Knowledge interface {
	// Statements are all that speak of a key of harrier.CPEKey, PackageKey or
	// MakerKey, sorted by vulnerability, then source; none is no error.
	Statements(key string) ([]harrier.Statement, error)
	Vulnerability(id harrier.VulnID) (harrier.Vulnerability, bool, error)
	// Number is the number of a vulnerability by its name or an alias, in any case.
	Number(name string) (harrier.VulnID, bool, error)
	// Records are every source's words about a vulnerability.
	Records(id harrier.VulnID) ([]harrier.Record, error)
	// Class is that of a source; feed.Facts for one that is not known.
	Class(source string) feed.Class
	// Version changes whenever any answer can have changed.
	Version() string
}

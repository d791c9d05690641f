package harrier

import "time"

// AuditFile is a list of compliance checks that somebody wrote: the text of an
// .audit file, which policies name.
//
// Source: securitycenter-api.md, section 18.2.
type AuditFile struct {
	ID          ID
	UUID        UUID
	Name        string
	Description string
	Kind        string // what its checks are for, in lower case: "unix", "windows"
	Items       int    // how many checks it has
	Original    string // the name of the file that it came from
	// Variables are the values for the placeholders of the text, by their names.
	Variables map[string]string
	// Given is what else a dialect says of it, by its own names: "version".
	Given    map[string]string
	Owner    ID
	Groups   []ID // with whom it is shared
	Created  time.Time
	Modified time.Time
}

// MaxAudit bounds the text of an audit file, in bytes.
const MaxAudit = 4 << 20

// Check answers Invalid, naming the field, for a file that breaks its own rules.
func (f *AuditFile) Check() error {
	if err := checkName(f.Name); err != nil {
		return err
	}
	if len(f.Description) > 1<<20 {
		return Invalidf("description", "is longer than 1 MiB")
	}
	if len(f.Variables) > 1000 {
		return Invalidf("variables", "are more than 1000")
	}
	for name, text := range f.Variables {
		if len(name) > 256 || len(text) > 4096 {
			return Invalidf("variables", "one is longer than 4096 bytes")
		}
	}
	return checkGiven(f.Given)
}

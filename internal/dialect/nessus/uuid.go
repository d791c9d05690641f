package nessus

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"

	"github.com/harrier-scan/harrier"
)

// longUUID is the 52-character form in which the API shows a UUID: its usual
// form, then 16 hex digits that are derived from it.
//
// Source: the examples in nessus-api.md, section 4, and the template constants
// in section 6.1, which all have 28 digits in their last group.
func longUUID(u harrier.UUID) string {
	if u.IsZero() {
		return ""
	}
	sum := sha256.Sum256(u[:])
	return u.String() + hex.EncodeToString(sum[:8])
}

// shortUUID reads what longUUID writes, and the usual form. It answers NotFound
// for anything else: such a name was never given out.
func shortUUID(s string) (harrier.UUID, error) {
	s = strings.ToLower(s)
	if len(s) == 36 || len(s) == 52 {
		if u, err := harrier.ParseUUID(s[:36]); err == nil && (len(s) == 36 || s == longUUID(u)) {
			return u, nil
		}
	}
	return harrier.UUID{}, errFileNotFound
}

// definitionUUID is the uuid that a scan shows before its first launch.
func definitionUUID(s harrier.Site) string { return "template-" + longUUID(s.UUID) }

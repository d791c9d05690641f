package harrier

import "time"

// APIKey is one secret text by which a program asks, for itself or for a
// person. Of the text only a hash is kept.
type APIKey struct {
	ID   ID
	UUID UUID
	Name string // for people: which program has it
	Hash string // SHA-256 of the text, hex
	// User is whom the programs act as: with their rights, for a user key; for an
	// organisation key, which goes on without them, as the owner of what they make.
	User ID
	// ForAll makes it an organisation key: it may do whatever anybody of
	// Organization may. Organization zero is the installation.
	ForAll       bool
	Organization ID
	Created      time.Time
	Expires      time.Time // from then on it is no key any more; zero: never
}

// Check answers Invalid, naming the field, for a key without a usable name.
func (k *APIKey) Check() error { return checkName(k.Name) }

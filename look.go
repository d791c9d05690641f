package harrier

import "time"

// Look is when a scan looked at an asset. Ended is zero while it goes on.
type Look struct{ Started, Ended time.Time }

// Encounter is one scan that met an asset.
type Encounter struct {
	Scan, Site, Owner ID
	Name              string    // of the scan
	At                time.Time // its end; while it goes on, its start
}

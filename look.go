package harrier

import "time"

// Look is when a scan looked at an asset. Ended is zero while it goes on.
type Look struct{ Started, Ended time.Time }

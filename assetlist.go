package harrier

import "time"

// AssetList is a set of assets: named by address or name, or those that a rule
// holds for whenever it is asked.
type AssetList struct {
	ID          ID
	UUID        UUID
	Name        string
	Description string
	Tags        string
	// Kind says what Definition is: "static" addresses, "dnsname" names, "dynamic"
	// and "combination" a rule as JSON, "watchlist" addresses that need not be of
	// any asset.
	Kind       string
	Definition string // as its author wrote it
	Owner      ID
	Groups     []ID // with whom it is shared
	Created    time.Time
	Modified   time.Time
}

// SavedQuery is a question about findings that is kept under a name.
type SavedQuery struct {
	ID          ID
	UUID        UUID
	Name        string
	Description string
	Tags        string
	Kind        string // "vuln", "event", "user" …
	Tool        string
	Definition  string // filters and presentation, as JSON
	Owner       ID
	Groups      []ID
	Created     time.Time
	Modified    time.Time
}

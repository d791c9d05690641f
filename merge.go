package harrier

import "time"

// Merge is the record of two assets that became one: what was folded into
// what, by whom, why, and all that is needed to take it back.
type Merge struct {
	ID         ID
	Repository ID
	Into       ID // the asset that stayed
	From       ID // the asset that is gone, until the merge is undone
	FromUUID   UUID
	At         time.Time
	By         string // the user who asked for it, or "system"
	Scan       ID     // the scan that found it; 0 when a person asked
	Score      int
	Reasons    []Reason
	Undone     time.Time // zero while it stands
	UndoneBy   string
	// Detail holds what both assets were and what they became, packed by the
	// store; only Undo needs it.
	Detail MergeDetail
}

// MergeDetail is what a merge did.
type MergeDetail struct {
	Into   AssetState `json:"into"`   // before
	From   AssetState `json:"from"`   // before
	Merged AssetState `json:"merged"` // after
	Hosts  []HostRef  `json:"hosts"`  // of scans that were From, and are Into now
}

// AssetState is all that is kept of an asset. Of the asset that stays in a
// merge it holds only the findings, services and identifiers that both had.
type AssetState struct {
	Asset       Asset        `json:"asset"`
	Findings    []Finding    `json:"findings,omitempty"`
	Services    []Service    `json:"services,omitempty"`
	Identifiers []Identifier `json:"identifiers,omitempty"`
}

// HostRef names one host of one scan.
type HostRef struct {
	Scan  ID  `json:"scan"`
	Index int `json:"index"`
}

// Recognition is why a host of a scan was held to be an asset.
type Recognition struct {
	Scan  ID
	Index int
	Match
}

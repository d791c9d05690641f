package nexposewords

import "github.com/harrier-scan/harrier"

// OpenFlaws is the condition that a finding is open, that it is more than a fact,
// and that no exception accepts it.
var OpenFlaws = harrier.And{
	harrier.Cmp{Field: "open", Op: harrier.Eq, Values: []any{true}},
	harrier.Cmp{Field: "accepted", Op: harrier.Eq, Values: []any{false}},
	harrier.Cmp{Field: "severity", Op: harrier.Gt, Values: []any{int64(harrier.Info)}},
}

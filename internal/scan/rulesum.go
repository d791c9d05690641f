package scan

import (
	"context"
	"crypto/sha256"
	"encoding/json"

	"github.com/harrier-scan/harrier"
)

// RulesInForce names the exceptions that hold now: as long as it is the same,
// so is what an ended scan shows to an actor. It is for doors that keep such
// results.
func (r *Room) RulesInForce(ctx context.Context) ([sha256.Size]byte, error) {
	all, err := r.Store.Exceptions(ctx)
	if err != nil {
		return [sha256.Size]byte{}, err
	}
	now := r.Now()
	holding := make([]harrier.Exception, 0, len(all))
	for _, e := range all {
		if e.Holds(now) {
			holding = append(holding, e)
		}
	}
	b, err := json.Marshal(holding)
	return sha256.Sum256(b), err
}

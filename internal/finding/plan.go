package finding

import (
	"context"

	"github.com/harrier-scan/harrier"
)

// plan is what a scan was told to look for.
type plan struct {
	planned *harrier.IDs
	set     harrier.Settings
}

// lastPlan is the plan of a scan; that of one that is gone leaves nothing out.
func (f *folding) lastPlan(ctx context.Context, id harrier.ID) (plan, error) {
	if p, met := f.plans[id]; met {
		return p, nil
	}
	var p plan
	sc, err := f.Store.Scan(ctx, id)
	switch {
	case harrier.KindOf(err) == harrier.NotFound:
		p.planned = everything
	case err != nil:
		return p, err
	default:
		p.planned, p.set = sc.Plan.Planned(f.Family), sc.Plan.Settings
	}
	f.plans[id] = p
	return p, nil
}

// everything plans all that content knows.
var everything = harrier.Plan{Checks: []harrier.VulnID{harrier.FamilyCheck(0)}}.Planned(func(harrier.VulnID) harrier.VulnID { return harrier.FamilyCheck(0) })

package securitycenter

import (
	"context"

	"github.com/harrier-scan/harrier"
)

// repositoryRef names a repository that a scan imports to. It answers Invalid
// for one that is not there: the request names it, not the address.
func (a api) repositoryRef(ctx context.Context, by harrier.Actor, id harrier.ID) (repositoryRef, error) {
	r, err := a.Repositories.Repository(ctx, by, id)
	switch {
	case err == nil:
		return repositoryRef{ref{sid(id), r.Name, r.Description}, "Local", formatOf(r), suuid(r.UUID)}, nil
	case harrier.KindOf(err) == harrier.NotFound:
		return repositoryRef{}, harrier.Errorf(harrier.Invalid, "Repository #%d does not exist.", id)
	}
	return repositoryRef{}, err
}

// repositoryOf names the repository of what is there: by its number alone when
// by may not see it.
func (a api) repositoryOf(ctx context.Context, by harrier.Actor, id harrier.ID) (repositoryRef, error) {
	r, err := a.repositoryRef(ctx, by, id)
	if k := harrier.KindOf(err); err != nil && (k == harrier.Invalid || k == harrier.Forbidden) {
		return repositoryRef{ref: ref{ID: sid(id)}, Type: "Local", DataFormat: dataFormat}, nil
	}
	return r, err
}

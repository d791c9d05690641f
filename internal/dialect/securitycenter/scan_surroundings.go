package securitycenter

import (
	"context"

	"github.com/harrier-scan/harrier"
)

// surroundings are what scans name of the resources beside them.
type surroundings struct {
	// asset finds an asset list and its members as a list of targets. It answers
	// NotFound for one that by may not use.
	asset func(ctx context.Context, a api, by harrier.Actor, id harrier.ID) (ref, string, error)
	// repository finds a repository. It answers NotFound for one that by may not
	// import to.
	repository func(ctx context.Context, a api, by harrier.Actor, id harrier.ID) (repositoryRef, error)
}

func (a api) assetList(ctx context.Context, by harrier.Actor, id harrier.ID) (ref, string, error) {
	return a.around.asset(ctx, a, by, id)
}

// repositoryRef names a repository that a scan imports to. It answers Invalid
// for one that is not there: the request names it, not the address.
func (a api) repositoryRef(ctx context.Context, by harrier.Actor, id harrier.ID) (repositoryRef, error) {
	r, err := a.around.repository(ctx, a, by, id)
	if err != nil && harrier.KindOf(err) == harrier.NotFound {
		return r, harrier.Errorf(harrier.Invalid, "Repository #%d does not exist.", id)
	}
	return r, err
}

// repositoryOf names the repository of what is there: by its number alone when
// by may not see it.
func (a api) repositoryOf(ctx context.Context, by harrier.Actor, id harrier.ID) (repositoryRef, error) {
	r, err := a.repositoryRef(ctx, by, id)
	if err != nil && harrier.KindOf(err) == harrier.Invalid {
		return repositoryRef{ref: ref{ID: sid(id)}, Type: "Local", DataFormat: "IPv4"}, nil
	}
	return r, err
}

// noAsset knows no asset list.
func noAsset(_ context.Context, _ api, _ harrier.Actor, id harrier.ID) (ref, string, error) {
	return ref{}, "", noObject("Asset", sid(id), "use")
}

// firstRepository knows the repository that every installation has.
func firstRepository(_ context.Context, _ api, _ harrier.Actor, id harrier.ID) (repositoryRef, error) {
	if id != harrier.DefaultRepository {
		return repositoryRef{}, noObject("Repository", sid(id), "use")
	}
	return repositoryRef{ref{sid(id), "Default", ""}, "Local", "IPv4", suuid(harrier.NamedUUID("repository 1"))}, nil
}

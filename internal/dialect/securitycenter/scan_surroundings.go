package securitycenter

import (
	"context"
	"strings"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/asset"
	"github.com/harrier-scan/harrier/internal/asset/members"
)

// assetList finds an asset list and its members as a list of targets: what its
// author wrote down where that are addresses or names, else the addresses of the
// assets that it holds now. It answers NotFound for one that by may not use.
func (a api) assetList(ctx context.Context, by harrier.Actor, id harrier.ID) (ref, string, error) {
	l, err := a.AssetLists.List(ctx, by, id)
	if err != nil {
		return ref{}, "", missing(err, "Asset", sid(id), "use")
	}
	named := ref{sid(l.ID), l.Name, l.Description}
	switch l.Kind {
	case "static", "watchlist", "dnsname":
		return named, strings.Join(members.Words(l.Definition), "\n"), nil
	}
	e, err := a.assetExpr(ctx, by, id)
	if err != nil {
		return ref{}, "", err
	}
	list, _, err := a.Assets.Assets(ctx, by, e, asset.Page{})
	if err != nil {
		return ref{}, "", err
	}
	var targets []string
	for _, as := range list {
		if as.Addr.IsValid() {
			targets = append(targets, as.Addr.String())
		}
	}
	return named, strings.Join(targets, "\n"), nil
}

// repositoryRef names a repository that a scan imports to. It answers Invalid
// for one that is not there: the request names it, not the address.
func (a api) repositoryRef(ctx context.Context, by harrier.Actor, id harrier.ID) (repositoryRef, error) {
	r, err := a.Repositories.Repository(ctx, by, id)
	switch {
	case err == nil:
		return repositoryRef{ref{sid(id), r.Name, r.Description}, "Local", dataFormat, suuid(r.UUID)}, nil
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

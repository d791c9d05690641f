package console

import (
	"context"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/asset"
)

// membersOf gives the addresses of the assets in lists, for sites that name them.
// Assets and lists are there once it is called.
func membersOf(assets **asset.Room, lists **asset.Lists) func(context.Context, harrier.Actor, []harrier.ID) (string, error) {
	return func(ctx context.Context, by harrier.Actor, ids []harrier.ID) (string, error) {
		in := harrier.Or{}
		for _, id := range ids {
			e, err := (*lists).Members(ctx, by, id)
			if err != nil {
				return "", err
			}
			in = append(in, e)
		}
		return (*assets).Targets(ctx, by, in)
	}
}

// definedBy gives what lists define: see harrier.SiteOptions.
func definedBy(assets **asset.Room, lists **asset.Lists) func(context.Context, harrier.Actor, []harrier.ID) (string, error) {
	return func(ctx context.Context, by harrier.Actor, ids []harrier.ID) (string, error) {
		return (*lists).Targets(ctx, by, *assets, ids)
	}
}

package console

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/store"
	"github.com/harrier-scan/harrier/internal/survey"
)

// PutBlob keeps a named text of an organisation, which is told by its number, its
// UUID or its name; "" takes it away. The console may be running. It answers
// NotFound for an organisation that there is not, and like [survey.Room.PutBlob].
func PutBlob(ctx context.Context, c Config, organization, key, text string) error {
	return beside(ctx, c, func(db *store.DB) error {
		list, err := db.Organizations(ctx)
		if err != nil {
			return err
		}
		i := slices.IndexFunc(list, func(o harrier.Organization) bool {
			return strconv.FormatInt(int64(o.ID), 10) == organization || strings.EqualFold(o.UUID.String(), organization) || strings.EqualFold(o.Name, organization)
		})
		if i < 0 {
			return harrier.Errorf(harrier.NotFound, "there is no organisation %q", organization)
		}
		return survey.New(survey.Config{Store: db}).PutBlob(ctx, harrier.System, list[i].ID, key, text)
	})
}

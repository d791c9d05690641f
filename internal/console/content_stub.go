//go:build !content

package console

import (
	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/content/pack"
	"github.com/harrier-scan/harrier/internal/content/update"
)

// contentMaker builds base files.
type contentMaker struct{}

// Make is part of update.Maker.
func (contentMaker) Make(string, string, func(update.Writer) error, func() []pack.Source) (update.Made, error) {
	return update.Made{}, harrier.Errorf(harrier.Unavailable, "this program can not build content")
}

package content

import (
	"sync"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/content/builtin"
	"github.com/harrier-scan/harrier/internal/feed"
)

// Builtin returns the content that is compiled into the program. It is read when
// it is asked for the first time, and shared: closing it does nothing.
var Builtin = sync.OnceValue(readBuiltin)

func readBuiltin() *Base {
	return Memory("builtin-", Options{}, func(emit func(feed.Class, *harrier.Record) error) error {
		return builtin.Records(func(r *harrier.Record) error { return emit(builtin.Class, r) })
	})
}

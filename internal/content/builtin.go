package content

import (
	"sync"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/feed"
)

// Builtin returns the content that is compiled into the program. It is read when
// it is asked for the first time, and shared: closing it does nothing.
var Builtin = sync.OnceValue(func() *Base {
	return Memory("builtin-", Options{}, func(func(feed.Class, *harrier.Record) error) error { return nil })
})

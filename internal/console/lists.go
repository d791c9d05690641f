package console

import (
	"github.com/harrier-scan/harrier/internal/dialect/kit"
	"github.com/harrier-scan/harrier/internal/dialect/nessus"
	"github.com/harrier-scan/harrier/internal/feed"
	"github.com/harrier-scan/harrier/internal/format"
	formatcsv "github.com/harrier-scan/harrier/internal/format/csv"
	formatjson "github.com/harrier-scan/harrier/internal/format/json"
	formatlist "github.com/harrier-scan/harrier/internal/format/list"
	formatnessus "github.com/harrier-scan/harrier/internal/format/nessus"
	"github.com/harrier-scan/harrier/internal/format/sarif"
	"github.com/harrier-scan/harrier/internal/format/table"
)

// Dialects are the public APIs, in the order in which they are asked whether a
// request is theirs.
func Dialects() []kit.Dialect { return []kit.Dialect{nessus.Dialect} }

// Formats are the shapes that results can be written in.
func Formats() []format.Format {
	return []format.Format{formatnessus.Format, formatcsv.Format, formatjson.Format, sarif.Format, table.Format, formatlist.Format}
}

// Feeds are the publishers of content, in the order in which they are read.
func Feeds() []feed.Format { return []feed.Format{} }

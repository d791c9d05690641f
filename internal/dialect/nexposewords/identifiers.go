package nexposewords

import (
	"slices"

	"github.com/harrier-scan/harrier"
)

// unique are the kinds of identifiers that there is one of in the world.
var unique = []harrier.IdentifierKind{harrier.IDHardware, harrier.IDSerial, harrier.IDInstance, harrier.IDSMB, harrier.IDSNMP, harrier.IDUPnP}

// Unique are the identifiers of an asset that tell it from all others.
func Unique(list []harrier.Identifier) []harrier.Identifier {
	var out []harrier.Identifier
	for _, i := range list {
		if slices.Contains(unique, i.Kind) && !i.Shared {
			out = append(out, i)
		}
	}
	return out
}

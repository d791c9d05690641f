package nexposewords

import (
	"cmp"
	"net/netip"
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

// HostName is the name of an asset; "" for none.
func HostName(a *harrier.Asset) string {
	if name := cmp.Or(a.FQDN, a.NetBIOS); name != "" {
		return name
	}
	for _, name := range a.Names {
		if _, err := netip.ParseAddr(name); err != nil {
			return name
		}
	}
	return ""
}

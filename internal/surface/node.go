package surface

import (
	"net/netip"
	"strings"

	"github.com/harrier-scan/harrier"
)

// NodeOf is the node of the attack surface that a finding hangs on, told by the
// finding and its asset alone:
//
//   - the Certificate or the URL that its key begins with (see [Key]);
//   - else, on an asset with an address, the Service of its port, such as
//     192.0.2.1:443/tcp, and the address itself where it has no port;
//   - else, on an asset without an address, the Domain.
//
// It is the zero Node for an asset that has neither an address nor a name.
func NodeOf(a harrier.Asset, f harrier.Finding) Node {
	kind, rest, _ := strings.Cut(f.Key, " ")
	if key, _, _ := strings.Cut(rest, " "); key != "" && (Kind(kind) == Certificate || Kind(kind) == URL) {
		return Node{Kind: Kind(kind), Key: key}
	}
	switch {
	case a.Addr.IsValid() && f.Port > 0:
		return ServiceNode(netip.AddrPortFrom(a.Addr, f.Port), f.Protocol)
	case a.Addr.IsValid():
		return AddrNode(a.Addr)
	case a.FQDN != "":
		return Node{Kind: Domain, Key: a.FQDN}
	}
	return Node{}
}

// ServiceNode is the node of a service.
func ServiceNode(at netip.AddrPort, protocol harrier.Protocol) Node {
	at = netip.AddrPortFrom(at.Addr().Unmap().WithZone(""), at.Port())
	return Node{Kind: Service, Key: at.String() + "/" + string(protocol)}
}

// Key is what the key of a finding says about the node it hangs on, and what
// tells apart several findings there: the two, with a space between, of a
// Certificate and a URL, which are not told by an asset and a port; the latter
// alone of others.
func Key(n Node, apart string) string {
	if n.Kind != Certificate && n.Kind != URL {
		return apart
	}
	return strings.TrimSpace(string(n.Kind) + " " + n.Key + " " + apart)
}

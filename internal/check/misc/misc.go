// Package misc has the checks of brokers, coordination services, container
// daemons and other services: whether they let anybody in, or help an attacker.
package misc

import (
	"slices"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/check"
)

// Checks lists the checks of this package.
var Checks = []check.Check{
	MQTTNoAuth, NATSNoAuth, EtcdNoAuth, ZooKeeperNoAuth, DockerNoAuth, ConsulNoAuth, RsyncModules, LDAPAnonymous, NTPMode6, Telnet,
}

const family = "Misc."

// named returns the services of one of names over TCP.
func named(names ...string) func(harrier.Service) bool {
	return func(s harrier.Service) bool { return s.Protocol != harrier.UDP && slices.Contains(names, s.Name) }
}

// web returns web services that are product, or on the port that it usually
// has.
func web(product string, port uint16) func(harrier.Service) bool {
	return func(s harrier.Service) bool { return s.Name == "http" && (s.Product == product || s.Port == port) }
}

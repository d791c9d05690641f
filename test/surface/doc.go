// Package surface is a little internet in network namespaces, with a planted
// organisation that the discovery of an attack surface has to find: name
// servers with delegation, wildcards, zone transfer, NSEC, lame and dangling
// records; web, mail and certificate servers; resolvers of which two lie.
package surface

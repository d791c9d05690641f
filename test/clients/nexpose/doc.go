// Package nexpose drives a console as clients of the NeXpose XML API do: a
// client written from the reference alone, over HTTPS and over raw sockets.
package nexpose

// Package nexpose is the XML API of NeXpose, versions 1.1 and 1.2: one POST for
// each command, an XML document in and an XML document out, always with status
// 200. What the two versions have in common, which is nearly everything, is
// served on both paths; the path decides about the shape of failures and of a
// few answers.
//
// Sources are sections of the project's nexpose-api.md.
package nexpose

// Package apiv3 is version 3 of the console API of InsightVM, "/api/3": JSON
// over HTTP Basic, beside the XML API of package nexpose. Integer ids, links on
// every object, pages in an envelope, and 404 beyond the last of them.
//
// Sources are sections of the project's insightvm-api.md.
package apiv3

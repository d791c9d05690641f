// Package insightvm serves the InsightVM Cloud Integrations API, version 4.
//
// Source: insightvm-api.md; "section" in this package's comments means one of
// that document. docs/dialects/insightvm.md says what is served.
package insightvm

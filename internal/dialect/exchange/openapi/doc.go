// Package openapi keeps the OpenAPI documents of the dialects true. A document
// has an operation for each route, a sentence about it, and the shapes of what
// is sent and answered. The shapes are learnt from the dialect's conversations,
// as they happen in its tests; a later conversation that shows what the
// document does not allow fails the test.
package openapi

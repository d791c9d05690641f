// Package openapi keeps the OpenAPI documents of the dialects true. A document has
// an operation for each route, a sentence about it, and the shapes of what is sent
// and answered; answers that happen in tests are held to it.
//
// Some documents are written by hand: Read reads them. Others are learnt from the
// dialect's conversations, as they happen in its tests: a Book keeps one. A later
// conversation that shows what it does not allow fails the test.
package openapi

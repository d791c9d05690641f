// Package kit holds what all doors share: it decodes requests into wire
// structs, finds out who asks, calls a handler that speaks in words, and
// encodes its answer or its error.
//
// A handler is a function of a context, an actor and a wire struct that returns
// a wire struct and an error. It never sees the ResponseWriter, so it cannot
// answer twice, and what a dialect does with an error stands in one place.
package kit

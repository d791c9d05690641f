package format

import (
	"fmt"
	"iter"
)

// Ahead yields what from does, which runs in a goroutine of its own, up to n
// values ahead of the caller: reading and writing share two processors. When the
// sequence has ended, so has from. A panic in from becomes an error.
func Ahead[V any](from iter.Seq2[V, error], n int) iter.Seq2[V, error] {
	type pair struct {
		v   V
		err error
	}
	return func(yield func(V, error) bool) {
		values, stop := make(chan pair, n), make(chan struct{})
		put := func(p pair) bool {
			select {
			case values <- p:
				return true
			case <-stop:
				return false
			}
		}
		go func() {
			defer close(values)
			defer func() {
				if fault := recover(); fault != nil {
					put(pair{err: fmt.Errorf("reading ahead: %v", fault)})
				}
			}()
			for v, err := range from {
				if !put(pair{v, err}) {
					return
				}
			}
		}()
		defer func() {
			close(stop)
			for range values { // until it has ended
			}
		}()
		for p := range values {
			if !yield(p.v, p.err) {
				return
			}
		}
	}
}

// Package ports runs the real program over small networks of every kind and
// demands that it finds each open port, tells none open that is not, and asks
// no more often than needed. How long it takes is measured by bench/ports.
package ports

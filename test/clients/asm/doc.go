// Package asm runs the published Go client of Hexiosec ASM,
// github.com/hexiosec/asm-sdk-go, against a console: the four steps of the
// vendor's guide, and every operation.
package asm

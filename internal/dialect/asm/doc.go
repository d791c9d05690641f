// Package asm serves the REST API of Hexiosec ASM, version 1.
//
// Source: asm-api.md; "section" in this package's comments means one of that
// document. docs/dialects/asm.md says what is served.
package asm

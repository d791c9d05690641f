// Package asm speaks the REST API of Hexiosec ASM, version 1.
//
// Source: asm-api.md.
package asm

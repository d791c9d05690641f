//go:build !race

package finding

const raced = false

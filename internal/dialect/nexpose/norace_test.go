//go:build !race

package nexpose_test

const raced = false

//go:build !race

package tools

const raced = false

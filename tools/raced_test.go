//go:build race

package tools

const raced = true

//go:build race

package e2e

// raced says that the race detector is on; the binary is then built with it too.
const raced = true

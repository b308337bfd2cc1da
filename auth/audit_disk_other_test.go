//go:build !linux

package auth

import "testing"

func limitFiles(t *testing.T, _ uint64) { t.Skip("limits of file sizes are set on Linux only") }
func smallDisk(t *testing.T, _ int) string {
	t.Skip("a small disk is mounted on Linux only")
	return ""
}
func growDisk(t *testing.T, _ string, _ int) {}

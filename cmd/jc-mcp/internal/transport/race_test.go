//go:build race

package transport

// raceDetector makes everything some ten times slower.
const raceDetector = true

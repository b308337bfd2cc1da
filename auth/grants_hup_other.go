//go:build !unix

package auth

import "os"

// hangups: there is no such signal here.
func hangups() (_ <-chan os.Signal, stop func()) { return nil, func() {} }

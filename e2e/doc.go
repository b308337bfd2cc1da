// Package e2e holds the tests that take the product as a whole: the built binary
// driven by MCP clients that others wrote, a fault test whose upstream keeps the
// truth in a ledger of its own, and the measurements. It has no code but tests.
package e2e

// Package session finds sessions that two goroutines use. doc.md is its
// documentation, which `retortvet help session` prints.
package session

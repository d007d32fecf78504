// Package testdb lets the programs of the bench use what package retorttest
// has for tests.
package testdb

import (
	"errors"
	"fmt"
	"testing"

	"github.com/retort-go/retort/retorttest/proxy"
)

// Proxy starts a proxy outside of a test.
//
//   - Cleanup: close it.
func Proxy(url string) (p *proxy.Proxy, err error) {
	tb := &noTest{}
	defer func() {
		if tb.failed != nil && recover() != nil {
			err = tb.failed
		}
	}()
	return proxy.Start(tb, url), nil
}

// noTest is the testing.TB of a program. What is not overridden is not called by
// the proxy, and would panic.
type noTest struct {
	testing.TB
	failed error
}

// Helper is for tests.
func (t *noTest) Helper() {}

// Cleanup is left to who closes the proxy.
func (t *noTest) Cleanup(func()) {}

// Errorf keeps the error.
func (t *noTest) Errorf(format string, args ...any) {
	t.failed = errors.Join(t.failed, fmt.Errorf(format, args...))
}

// Fatalf does not return.
func (t *noTest) Fatalf(format string, args ...any) {
	t.Errorf(format, args...)
	panic(t.failed)
}

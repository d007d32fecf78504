package retorttest_test

import (
	"fmt"
	"runtime"
	"testing"
)

// spy is a test that notes its failures and is none.
type spy struct {
	testing.TB
	said []string
}

func (s *spy) Helper() {}

func (s *spy) Errorf(format string, args ...any) {
	s.said = append(s.said, fmt.Sprintf(format, args...))
}

func (s *spy) Fatalf(format string, args ...any) {
	s.Errorf(format, args...)
	runtime.Goexit()
}

// fatal runs f, which may end its goroutine by Fatalf, and returns what it said.
func fatal(tb testing.TB, f func(tb testing.TB)) []string {
	tb.Helper()
	s := &spy{TB: tb}
	done := make(chan struct{})
	go func() {
		defer close(done)
		f(s)
	}()
	<-done
	return s.said
}

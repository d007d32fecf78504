package session

import (
	"context"
	"errors"
	"testing"

	"github.com/retort-go/retort"
)

func TestSecondGoroutine(t *testing.T) {
	var s *retort.Session
	go func() { s.Add(1) }()
	if err := s.Flush(context.Background()); !errors.Is(err, retort.ErrConcurrentUse) {
		t.Error(err)
	}
}

func TestOthers(t *testing.T) {
	var s *retort.Session
	go func() { s.Add(1) }() // want `a goroutine uses s`
	//retortvet:ignore session the test is about it
	go func() { s.Add(1) }()
}

package limit

import (
	"os"
	"testing"
	"time"
)

func TestWithin(t *testing.T) {
	if !Within(1, 2) || !Within(2, 2) || Within(3, 2) {
		t.Error("wrong")
	}
}

func TestGrow(t *testing.T) {
	if n, err := Grow(2); n != 4 || err != nil {
		t.Error(n, err)
	}
	if n, err := Grow(20); n != 42 || err != nil {
		t.Error(n, err)
	}
	if _, err := Grow(-1); err == nil {
		t.Error("no error")
	}
}

func TestWait(*testing.T) {
	go time.Sleep(time.Hour) // or the runtime sees that nothing can go on
	Wait()
}

// TestAlways fails with nothing broken, and can tell nothing.
func TestAlways(t *testing.T) {
	if os.Getenv("RETORT_MUTANT_TRACE") != "" {
		t.Error("left out")
	}
}

package chaos_test

import (
	"testing"

	"github.com/retort-go/retort/bench/chaos"
)

// TestCancelled is not parallel: it counts goroutines.
func TestCancelled(t *testing.T) {
	line, err := chaos.Cancelled(t.Context(), newEnv(t), 300)
	good(t, line, err)
}

func TestScenarios(t *testing.T) {
	t.Parallel()
	for _, s := range chaos.Scenarios() {
		if s.Number == 11 {
			continue
		}
		t.Run(s.Name, func(t *testing.T) {
			t.Parallel()
			line, err := s.Run(t.Context(), newEnv(t), s.Short)
			good(t, line, err)
			if line.Number != s.Number {
				t.Errorf("line %d comes from the scenario of line %d", line.Number, s.Number)
			}
		})
	}
}

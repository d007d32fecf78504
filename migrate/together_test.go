package migrate_test

import (
	"math/rand/v2"
	"sync"
	"testing"
	"time"
)

// Eight programs upgrade at once, two of them are killed: every change is applied
// once, nobody is stuck, and those that were not killed end well.
func TestRunner_is_run_by_eight_at_once(t *testing.T) {
	t.Parallel()
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	chance := rand.New(rand.NewPCG(seed, 0))
	kills := 0
	for run := range *upgraderRuns {
		db := newDatabase(t)
		var all sync.WaitGroup
		fired, errs := make([]bool, 8), make([]error, 8)
		// The first one is killed with the lock in its hands, which the others wait for;
		// the second one wherever it comes to.
		locked := make(chan struct{})
		first, second, reached := 25+chance.IntN(85), 1+chance.IntN(100), chance.IntN(2) == 0
		all.Go(func() { fired[0], errs[0] = runChild(t, db, first, reached, nil, func() { close(locked) }) })
		select {
		case <-locked:
		case <-time.After(time.Minute):
			t.Fatal("the first one does not come to its lock")
		}
		for i := 1; i < 8; i++ {
			n := 0
			if i == 1 {
				n = second
			}
			all.Go(func() { fired[i], errs[i] = runChild(t, db, n, !reached, nil) })
		}
		all.Wait()
		for i := range 8 {
			if fired[i] {
				kills++
			} else if errs[i] != nil {
				t.Errorf("run %d: upgrader %d: %v", run, i, errs[i])
			}
		}
		if err := arrived(t, db); err != nil {
			t.Errorf("run %d: %v", run, err)
		}
		_ = db.eng.Close(t.Context())
	}
	if kills < *upgraderRuns {
		t.Errorf("%d upgraders were killed in %d runs: the test has not seen what it is about", kills, *upgraderRuns)
	}
	t.Logf("%d runs, %d upgraders killed", *upgraderRuns, kills)
}

package chaos

import (
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/anishathalye/porcupine"
)

// linearTime bounds the search for an order. A history that takes longer has not
// been found wrong, and not right either.
const linearTime = time.Minute

// openEnded is the return of an operation whose end nobody knows: it may take
// effect at any later time, or never.
const openEnded = int64(1) << 62

// witness writes down what clients asked and were told, and when.
type witness struct {
	clock atomic.Int64 // its ticks order calls and returns

	mu  sync.Mutex // guards all
	all []porcupine.Operation
}

// call runs one operation, which says what it was in the end. What did not happen
// for sure leaves no trace; what may have happened is open-ended.
func (w *witness) call(client int, do func() (input, output any, status belief)) belief {
	called := w.clock.Add(1)
	input, output, status := do()
	o := porcupine.Operation{ClientId: client, Input: input, Output: output, Call: called, Return: w.clock.Add(1)}
	switch status {
	case absent:
		return status
	case unknown:
		o.Output, o.Return = nil, openEnded // nobody was told anything
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.all = append(w.all, o)
	return status
}

// wrong counts the registers and jobs for which no order explains what was seen.
func (w *witness) wrong(model porcupine.Model) (int, error) {
	n := 0
	for _, part := range model.Partition(w.all) {
		switch porcupine.CheckOperationsTimeout(model, part, linearTime) {
		case porcupine.Ok:
		case porcupine.Illegal:
			n++
		default:
			return n, fmt.Errorf("no order of %d operations was found within %s, nor that there is none", len(part), linearTime)
		}
	}
	return n, nil
}

// The inputs. Each register and each job has a name of its own, by which
// histories are parted.
type (
	readRegister struct{ register int }
	// swap changes a register from one value to another, if it has the first.
	swap struct{ register, from, to int }
	// push puts a job into a queue.
	push struct{ job int }
	// take takes a job out.
	take struct{ job int }
	// gone is that a job is not there.
	gone struct{ job int }
)

// registerModel is a register that is read and changed by compare-and-set. What
// was read is an int; of a swap, whether it was done. A nil output is a swap whose
// end nobody knows.
func registerModel() porcupine.Model {
	return porcupine.Model{
		Partition: partition(func(input any) int {
			if r, ok := input.(readRegister); ok {
				return r.register
			}
			return input.(swap).register
		}),
		Init: func() any { return 0 },
		Step: func(state, input, output any) (bool, any) {
			s, ok := input.(swap)
			switch {
			case !ok:
				return output == state, state
			case output == nil: // one that finds another value does nothing
				if s.from == state {
					return true, s.to
				}
				return true, state
			case output == true:
				return s.from == state, s.to
			default:
				return s.from != state, state
			}
		},
	}
}

// A job is put into the queue, then taken out, each once.
const (
	nowhereYet = iota
	queued
	taken
)

// queueModel is a queue from which each job is taken once, by anyone and in any
// order, as FOR UPDATE SKIP LOCKED does it. That nothing was there to be taken is
// no part of it: what others have locked is passed over.
func queueModel() porcupine.Model {
	return porcupine.Model{
		Partition: partition(func(input any) int {
			switch i := input.(type) {
			case push:
				return i.job
			case take:
				return i.job
			default:
				return input.(gone).job
			}
		}),
		Init: func() any { return nowhereYet },
		Step: func(state, input, output any) (bool, any) {
			before, behind := queued, taken
			switch input.(type) {
			case push:
				before, behind = nowhereYet, queued
			case gone:
				return state != queued, state
			}
			if state == before {
				return true, behind
			}
			return output == nil, state // it may not have happened
		},
	}
}

// partition parts a history by name: each part is linearizable, or all is not.
func partition(name func(input any) int) func([]porcupine.Operation) [][]porcupine.Operation {
	return func(history []porcupine.Operation) [][]porcupine.Operation {
		places, parts := map[int]int{}, [][]porcupine.Operation(nil)
		for _, o := range history {
			place, ok := places[name(o.Input)]
			if !ok {
				place = len(parts)
				places[name(o.Input)] = place
				parts = append(parts, nil)
			}
			parts[place] = append(parts[place], o)
		}
		return parts
	}
}

package chaos

import (
	"testing"

	"github.com/anishathalye/porcupine"
)

// op is a call from one tick to another; a nil output is one without an answer.
func op(from, to int64, input, output any) porcupine.Operation {
	if output == nil {
		to = openEnded
	}
	return porcupine.Operation{Input: input, Output: output, Call: from, Return: to}
}

func TestRegisterModel(t *testing.T) {
	t.Parallel()
	check(t, registerModel(), map[string]story{
		"reads_what_was_swapped":             {0, []porcupine.Operation{op(1, 2, swap{1, 0, 5}, true), op(3, 4, readRegister{1}, 5)}},
		"reads_the_past":                     {1, []porcupine.Operation{op(1, 2, swap{1, 0, 5}, true), op(3, 4, readRegister{1}, 0)}},
		"two_at_once_in_either_order":        {0, []porcupine.Operation{op(1, 4, swap{1, 0, 5}, true), op(2, 3, readRegister{1}, 0)}},
		"a_lost_update":                      {1, []porcupine.Operation{op(1, 4, swap{1, 0, 5}, true), op(2, 3, swap{1, 0, 6}, true)}},
		"the_second_is_refused":              {0, []porcupine.Operation{op(1, 4, swap{1, 0, 5}, true), op(2, 3, swap{1, 0, 6}, false), op(5, 6, readRegister{1}, 5)}},
		"refused_without_a_reason":           {1, []porcupine.Operation{op(1, 2, swap{1, 0, 5}, false)}},
		"a_register_has_its_own_order":       {1, []porcupine.Operation{op(1, 2, swap{1, 0, 5}, true), op(3, 4, readRegister{2}, 5)}},
		"an_unknown_one_that_was_done":       {0, []porcupine.Operation{op(1, 2, swap{1, 0, 5}, nil), op(3, 4, readRegister{1}, 0), op(5, 6, readRegister{1}, 5)}},
		"an_unknown_one_that_was_not":        {0, []porcupine.Operation{op(1, 2, swap{1, 0, 5}, nil), op(3, 4, swap{1, 0, 6}, true), op(5, 6, readRegister{1}, 6)}},
		"an_unknown_one_that_is_taken_back":  {1, []porcupine.Operation{op(1, 2, swap{1, 0, 5}, nil), op(3, 4, readRegister{1}, 5), op(5, 6, readRegister{1}, 0)}},
		"an_unknown_one_is_not_done_earlier": {1, []porcupine.Operation{op(1, 2, readRegister{1}, 5), op(3, 4, swap{1, 0, 5}, nil)}},
	})
}

func TestQueueModel(t *testing.T) {
	t.Parallel()
	put, out := op(1, 2, push{1}, true), op(3, 4, take{1}, true)
	check(t, queueModel(), map[string]story{
		"in_and_out":                      {0, []porcupine.Operation{put, out, op(5, 6, gone{1}, true)}},
		"taken_twice":                     {1, []porcupine.Operation{put, out, op(3, 5, take{1}, true)}},
		"taken_without_having_been_there": {1, []porcupine.Operation{out}},
		"lost":                            {1, []porcupine.Operation{put, op(5, 6, gone{1}, true)}},
		"back_again":                      {1, []porcupine.Operation{put, out, op(5, 6, take{1}, true)}},
		"put_in_perhaps_and_taken":        {0, []porcupine.Operation{op(1, 2, push{1}, nil), out}},
		"put_in_perhaps_and_not_there":    {0, []porcupine.Operation{op(1, 2, push{1}, nil), op(3, 4, gone{1}, true)}},
		"taken_perhaps_and_still_there":   {0, []porcupine.Operation{put, op(3, 4, take{1}, nil), op(5, 6, take{1}, true)}},
		"taken_perhaps_and_gone":          {0, []porcupine.Operation{put, op(3, 4, take{1}, nil), op(5, 6, gone{1}, true)}},
	})
}

type story struct {
	wrong int
	all   []porcupine.Operation
}

func check(t *testing.T, model porcupine.Model, stories map[string]story) {
	t.Helper()
	for name, h := range stories {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := &witness{all: h.all}
			if n, err := w.wrong(model); n != h.wrong || err != nil {
				t.Errorf("%d without an order, error %v, want %d", n, err, h.wrong)
			}
		})
	}
}

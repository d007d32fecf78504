package peers

import (
	"context"
	"errors"
	"fmt"
)

// Candidate is somebody whose answers are compared with the others'. Each works
// on a database of its own, as [Schema] makes it.
type Candidate struct {
	Name string

	// Ask makes one request and returns the answer's body.
	Ask func(ctx context.Context, workload string, number int) ([]byte, error)

	// Trace runs the query [Trace] on its database.
	Trace func(ctx context.Context) (string, error)
}

// Agree makes the same requests of every workload to all candidates and compares
// their answers, and what is in the databases afterwards, with the first one's.
//
//   - Errors: every disagreement and every failure, joined.
func Agree(ctx context.Context, candidates []Candidate, workloads []Workload) error {
	var problems []error
	for k, w := range workloads {
		// Each workload has numbers of its own: they are in unique addresses.
		numbers := []int{7 + 100*k*Users, 1911 + 100*k*Users}
		if w.Heavy {
			numbers = numbers[:1]
		}
		for _, n := range numbers {
			var first []byte
			for i, c := range candidates {
				answer, err := c.Ask(ctx, w.Name, n)
				switch {
				case err != nil:
					problems = append(problems, fmt.Errorf("%s: %s: %w", w.Name, c.Name, err))
				case i == 0 || first == nil:
					first = answer
				default:
					if err := Compare(first, answer); err != nil {
						problems = append(problems, fmt.Errorf("%s: %s and %s answer differently: %w", w.Name, candidates[0].Name, c.Name, err))
					}
				}
			}
		}
		var first string
		for i, c := range candidates {
			trace, err := c.Trace(ctx)
			switch {
			case err != nil:
				problems = append(problems, fmt.Errorf("%s: %s: %w", w.Name, c.Name, err))
			case i == 0:
				first = trace
			case trace != first:
				problems = append(problems, fmt.Errorf("%s: %s and %s leave different rows", w.Name, candidates[0].Name, c.Name))
			}
		}
	}
	return errors.Join(problems...)
}

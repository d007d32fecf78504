package history

import (
	"fmt"
	"slices"
)

// Final compares the lists that are there in the end with what transactions were
// told: committed appends that are missing are [Lost], aborted ones that are there
// are [G1a].
func Final(txns []Txn, lists map[string][]int) []Anomaly {
	c := newChecker(txns)
	for i, t := range txns {
		for _, op := range t.Ops {
			if op.IsRead {
				continue
			}
			there := slices.Contains(lists[op.Key], op.Value)
			switch {
			case t.Status == Committed && !there:
				c.report(Lost, fmt.Sprintf("%d is not in %s", op.Value, op.Key), i)
			case t.Status == Aborted && there:
				c.report(G1a, fmt.Sprintf("%d is in %s, and was rolled back", op.Value, op.Key), i)
			}
		}
	}
	return c.found
}

// Bank counts the reads that did not see what was in the accounts from the
// beginning: total, and nothing below zero.
//
//   - Shape: each read is all balances at once.
//   - Source: Jepsen's bank workload.
func Bank(total int64, reads [][]int64) (wrong int) {
	for _, balances := range reads {
		sum, negative := int64(0), false
		for _, b := range balances {
			sum += b
			negative = negative || b < 0
		}
		if sum != total || negative {
			wrong++
		}
	}
	return wrong
}

package history

import (
	"fmt"
	"slices"
	"strings"
)

// Op is one step of a transaction on one list.
type Op struct {
	Key    string
	Value  int   // what was appended; of a read, nothing
	Values []int // what was read
	IsRead bool
}

// Append adds value to the list of key. No value is appended to a list twice.
func Append(key string, value int) Op { return Op{Key: key, Value: value} }

// Read saw values in the list of key, none for an empty list.
func Read(key string, values ...int) Op { return Op{Key: key, Values: values, IsRead: true} }

// Status is what is known of the end of a transaction.
type Status uint8

// The ends of a transaction. Unknown is one whose COMMIT got no answer: it counts as
// committed when a committed one has seen it, and is left out otherwise.
const (
	Committed Status = iota
	Aborted
	Unknown
)

// Txn is one attempt of a transaction: a repeated one is another.
type Txn struct {
	Ops    []Op
	Status Status
}

// Level is an isolation level, by what it forbids.
type Level uint8

// The levels, each of which forbids what those before it forbid. RepeatableRead is
// PostgreSQL's, which is snapshot isolation.
//
//   - Source: Adya, Liskov, O'Neil, "Generalized Isolation Level Definitions", 2000.
const (
	ReadUncommitted Level = iota // G0
	ReadCommitted                // and G1a, G1b, G1c
	RepeatableRead               // and G-single
	Serializable                 // and G2-item
)

// Kind names an anomaly.
type Kind string

// The anomalies. The first four are forbidden at every level.
const (
	Impossible   Kind = "impossible"   // a value that nobody appended, or one that is there twice
	Disagreement Kind = "disagreement" // two reads of a list, neither the beginning of the other
	Internal     Kind = "internal"     // a transaction that does not see its own appends
	Lost         Kind = "lost"         // a committed append that is not there in the end
	G0           Kind = "G0"           // writes interleave
	G1a          Kind = "G1a"          // an aborted append was read
	G1b          Kind = "G1b"          // an append was read that its transaction had not finished
	G1c          Kind = "G1c"          // information flows in a circle
	GSingle      Kind = "G-single"     // a circle with one missed write: read skew, lost update
	G2           Kind = "G2-item"      // a circle with several missed writes: write skew
)

// Anomaly is something that the isolation level forbids.
type Anomaly struct {
	Kind Kind
	Txns []int // their places in the history
	Why  string
}

// String is "G1c: why (transactions 1, 2)".
func (a Anomaly) String() string {
	var txns []string
	for _, t := range a.Txns {
		txns = append(txns, fmt.Sprint(t))
	}
	return fmt.Sprintf("%s: %s (transactions %s)", a.Kind, a.Why, strings.Join(txns, ", "))
}

// Check returns what a history has that the level forbids, nil for nothing.
//
//   - Shape: one anomaly for each circle of transactions that needs one another, the
//     worst kind of it only, beside all that needs no circle.
//   - Source: Kingsbury, Alvaro, "Elle: Inferring Isolation Anomalies from
//     Experimental Observations", 2020, for list-append; without its clocks and
//     sessions.
func Check(txns []Txn, level Level) []Anomaly {
	c := newChecker(resolve(txns))
	c.reads()
	if len(c.found) > 0 {
		return c.found // the order of versions is not to be trusted
	}
	c.appends(level)
	c.edges()
	c.circles(level)
	return c.found
}

// resolve decides the unknown ones: what one saw that was rolled back in truth, such
// as its own appends, is nothing that anybody else must agree with.
func resolve(txns []Txn) []Txn {
	type version struct {
		key   string
		value int
	}
	seen := map[version]bool{}
	for _, t := range txns {
		if t.Status != Committed {
			continue
		}
		for _, op := range t.Ops {
			for _, v := range op.Values {
				seen[version{op.Key, v}] = true
			}
		}
	}
	txns = slices.Clone(txns)
	for i, t := range txns {
		if t.Status != Unknown {
			continue
		}
		txns[i].Status = Aborted
		if slices.ContainsFunc(t.Ops, func(op Op) bool { return !op.IsRead && seen[version{op.Key, op.Value}] }) {
			txns[i].Status = Committed
		}
	}
	return txns
}

// write is who appended a value, and whether it was his last to that list.
type write struct {
	txn  int
	last bool
}

type checker struct {
	txns   []Txn
	writes map[string]map[int]write
	orders map[string][]int // the longest list that was read
	dirty  map[string]int   // the first place in orders that was rolled back
	graph  [][]edge
	found  []Anomaly
}

func (c *checker) report(kind Kind, why string, txns ...int) {
	slices.Sort(txns)
	c.found = append(c.found, Anomaly{kind, slices.Compact(txns), why})
}

func newChecker(txns []Txn) *checker {
	c := &checker{txns: txns, writes: map[string]map[int]write{}, orders: map[string][]int{}, dirty: map[string]int{}, graph: make([][]edge, len(txns))}
	for i, t := range txns {
		last := map[string]int{}
		for _, op := range t.Ops {
			if op.IsRead {
				continue
			}
			of := c.writes[op.Key]
			if of == nil {
				of = map[int]write{}
				c.writes[op.Key] = of
			}
			if before, ok := of[op.Value]; ok {
				c.report(Impossible, fmt.Sprintf("%d was appended to %s twice: the history cannot be checked", op.Value, op.Key), before.txn, i)
			}
			if value, ok := last[op.Key]; ok {
				of[value] = write{i, false}
			}
			of[op.Value] = write{i, true}
			last[op.Key] = op.Value
		}
	}
	return c
}

// reads finds the longest list of each key, and reads that cannot be.
func (c *checker) reads() {
	readers := map[string]int{}
	for i, t := range c.txns {
		if t.Status == Aborted {
			continue
		}
		own := map[string][]int{}
		for _, op := range t.Ops {
			if !op.IsRead {
				own[op.Key] = append(own[op.Key], op.Value)
				continue
			}
			c.internal(i, op, own[op.Key])
			longest := c.orders[op.Key]
			known := len(longest) // what is like before needs no second look
			if n := min(len(longest), len(op.Values)); !slices.Equal(longest[:n], op.Values[:n]) {
				known = 0
			}
			for j := known; j < len(op.Values); j++ {
				v := op.Values[j]
				if _, ok := c.writes[op.Key][v]; !ok || slices.Contains(op.Values[:j], v) {
					c.report(Impossible, fmt.Sprintf("%s has %d, which nobody appended or which is there twice", op.Key, v), i)
				}
			}
			if n := min(len(longest), len(op.Values)); !slices.Equal(longest[:n], op.Values[:n]) {
				c.report(Disagreement, fmt.Sprintf("%s was read as %v and as %v", op.Key, longest, op.Values), readers[op.Key], i)
			} else if len(op.Values) > len(longest) {
				c.orders[op.Key], readers[op.Key] = op.Values, i
			}
		}
	}
}

// internal checks that a transaction's read ends with what it has appended itself.
func (c *checker) internal(txn int, op Op, own []int) {
	if n := len(op.Values) - len(own); n < 0 || !slices.Equal(op.Values[n:], own) {
		c.report(Internal, fmt.Sprintf("%s was read as %v after appending %v", op.Key, op.Values, own), txn)
	}
}

// rolledBack is the first place of a list with a value that was rolled back.
func (c *checker) rolledBack(key string) int {
	if n, ok := c.dirty[key]; ok {
		return n
	}
	n := slices.IndexFunc(c.orders[key], func(v int) bool { return c.txns[c.writes[key][v].txn].Status == Aborted })
	if n < 0 {
		n = len(c.orders[key])
	}
	c.dirty[key] = n
	return n
}

// appends finds reads of what was not committed, or not yet finished.
func (c *checker) appends(level Level) {
	if level < ReadCommitted {
		return
	}
	for i, t := range c.txns {
		if t.Status == Aborted {
			continue
		}
		for _, op := range t.Ops {
			if !op.IsRead || len(op.Values) == 0 {
				continue
			}
			if n := c.rolledBack(op.Key); n < len(op.Values) {
				v := op.Values[n]
				c.report(G1a, fmt.Sprintf("%s was read with %d, whose transaction was rolled back", op.Key, v), i, c.writes[op.Key][v].txn)
			}
			v := op.Values[len(op.Values)-1]
			if w := c.writes[op.Key][v]; !w.last && w.txn != i {
				c.report(G1b, fmt.Sprintf("%s was read up to %d, behind which its transaction appended more", op.Key, v), i, w.txn)
			}
		}
	}
}

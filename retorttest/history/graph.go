package history

import (
	"fmt"
	"slices"
)

// edgeKind says why one transaction comes before another. Their order is that of
// the anomalies: a circle is as bad as its worst edges.
type edgeKind uint8

const (
	ww edgeKind = iota // it wrote the version before
	wr                 // it wrote what the other read
	rw                 // it read the version before the other's
)

type edge struct {
	to   int
	kind edgeKind
}

func (c *checker) link(from, to int, kind edgeKind) {
	if from != to {
		c.graph[from] = append(c.graph[from], edge{to, kind})
	}
}

// edges draws who comes before whom, from the order of each list's values.
func (c *checker) edges() {
	for key, order := range c.orders {
		for i := 1; i < len(order); i++ {
			c.link(c.writes[key][order[i-1]].txn, c.writes[key][order[i]].txn, ww)
		}
	}
	for i, t := range c.txns {
		if t.Status == Aborted {
			continue
		}
		for _, op := range t.Ops {
			if !op.IsRead {
				continue
			}
			if n := len(op.Values); n > 0 {
				c.link(c.writes[op.Key][op.Values[n-1]].txn, i, wr)
			}
			if order := c.orders[op.Key]; len(order) > len(op.Values) {
				c.link(i, c.writes[op.Key][order[len(op.Values)]].txn, rw)
			}
		}
	}
}

// circles finds each group of transactions that come before one another.
func (c *checker) circles(level Level) {
	for _, search := range []struct {
		level Level
		most  edgeKind // the edges that may be walked
		kind  Kind
	}{{ReadUncommitted, ww, G0}, {ReadCommitted, wr, G1c}, {Serializable, rw, G2}} {
		if search.kind == G2 && level >= RepeatableRead {
			c.single()
		}
		if level < search.level {
			continue
		}
		for _, group := range c.groups(search.most) {
			if !c.known(group) {
				c.report(search.kind, "each comes before the others, by "+c.walk(group, search.most), group...)
			}
		}
	}
}

// known tells whether an anomaly of some of them was reported already.
func (c *checker) known(group []int) bool {
	return slices.ContainsFunc(c.found, func(a Anomaly) bool {
		return !slices.ContainsFunc(a.Txns, func(t int) bool { return !slices.Contains(group, t) })
	})
}

// single finds circles with one missed write: an rw edge whose end reaches its
// beginning by other edges.
func (c *checker) single() {
	for _, group := range c.groups(rw) { // no circle leaves its group
		in := make(map[int]bool, len(group))
		for _, t := range group {
			in[t] = true
		}
		for _, from := range group {
			for _, e := range c.graph[from] {
				if e.kind != rw || !in[e.to] {
					continue
				}
				if path := c.path(e.to, from, wr, in); path != nil && !c.known(path) {
					c.report(GSingle, fmt.Sprintf("%d missed what %d wrote, which came before it", from, e.to), path...)
				}
			}
		}
	}
}

// path is a way from one transaction to another by edges of at most a kind, within
// a group.
func (c *checker) path(from, to int, most edgeKind, in map[int]bool) []int {
	before := map[int]int{from: from}
	for queue := []int{from}; len(queue) > 0; queue = queue[1:] {
		at := queue[0]
		if at == to {
			path := []int{at}
			for ; at != from; at = before[at] {
				path = append(path, before[at])
			}
			return path
		}
		for _, e := range c.graph[at] {
			if _, seen := before[e.to]; !seen && in[e.to] && e.kind <= most {
				before[e.to] = at
				queue = append(queue, e.to)
			}
		}
	}
	return nil
}

// walk says in words how a group hangs together.
func (c *checker) walk(group []int, most edgeKind) string {
	text := ""
	for _, from := range group {
		for _, e := range c.graph[from] {
			if e.kind <= most && slices.Contains(group, e.to) && len(text) < 300 {
				text += fmt.Sprintf("%d %s %d; ", from, [...]string{"ww", "wr", "rw"}[e.kind], e.to)
			}
		}
	}
	return text
}

// groups are the strongly connected components of more than one transaction.
//
//   - Source: Tarjan, "Depth-First Search and Linear Graph Algorithms", 1972; with a
//     stack of its own, since histories are long.
func (c *checker) groups(most edgeKind) [][]int {
	n := len(c.graph)
	index, low, onStack := make([]int, n), make([]int, n), make([]bool, n)
	var stack []int
	var groups [][]int
	counter := 0
	type frame struct{ at, next int }
	for root := range n {
		if index[root] != 0 {
			continue
		}
		work := []frame{{root, 0}}
		for len(work) > 0 {
			f := &work[len(work)-1]
			if f.next == 0 {
				counter++
				index[f.at], low[f.at] = counter, counter
				stack, onStack[f.at] = append(stack, f.at), true
			}
			if f.next < len(c.graph[f.at]) {
				e := c.graph[f.at][f.next]
				f.next++
				switch {
				case e.kind > most:
				case index[e.to] == 0:
					work = append(work, frame{e.to, 0})
				case onStack[e.to]:
					low[f.at] = min(low[f.at], index[e.to])
				}
				continue
			}
			at := f.at
			work = work[:len(work)-1]
			if len(work) > 0 {
				parent := work[len(work)-1].at
				low[parent] = min(low[parent], low[at])
			}
			if low[at] != index[at] {
				continue
			}
			var group []int
			for {
				last := stack[len(stack)-1]
				stack, onStack[last] = stack[:len(stack)-1], false
				group = append(group, last)
				if last == at {
					break
				}
			}
			if len(group) > 1 {
				slices.Sort(group)
				groups = append(groups, group)
			}
		}
	}
	return groups
}

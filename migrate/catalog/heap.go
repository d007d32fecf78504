package catalog

import "container/heap"

// refHeap gives the first by name.
type refHeap []Ref

func (h *refHeap) push(r Ref) { heap.Push((*refs)(h), r) }

func (h *refHeap) pop() Ref { return heap.Pop((*refs)(h)).(Ref) }

// refs is refHeap as container/heap wants it.
type refs []Ref

func (h refs) Len() int           { return len(h) }
func (h refs) Less(i, j int) bool { return compareRef(h[i], h[j]) < 0 }
func (h refs) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }
func (h *refs) Push(x any)        { *h = append(*h, x.(Ref)) }

func (h *refs) Pop() any {
	last := len(*h) - 1
	r := (*h)[last]
	*h = (*h)[:last]
	return r
}

package erd

import (
	"cmp"
	"slices"
	"unicode/utf8"
)

// Measures in pixels.
const (
	letter    = 7.3 // of a monospaced font of 12 pixels
	lineHigh  = 20
	headHigh  = 26
	padding   = 10
	gapAcross = 90
	gapDown   = 28
	laneHigh  = 12 // of an edge that passes a layer
	margin    = 24
)

// node is a table, or a place where an edge passes a layer.
type node struct {
	entity     int // -1 for a place
	layer      int
	x, y, w, h float64
	links      []int // nodes of the layer to the left
	rights     []int
	weight     float64
}

// layout puts tables into layers, those that others refer to on the left.
type layout struct {
	entities []entity
	edges    []edge
	nodes    []node
	layers   [][]int
	paths    [][]int // for each edge the nodes that it passes, from left to right
	w, h     float64
}

func lay(entities []entity, edges []edge) *layout {
	l := &layout{entities: entities, edges: edges}
	depth := depths(len(entities), edges)
	for i := range entities {
		l.nodes = append(l.nodes, node{entity: i, layer: depth[i], w: width(&entities[i]), h: headHigh + float64(lineHigh*len(entities[i].rows))})
	}
	for _, e := range edges {
		l.paths = append(l.paths, l.path(e, depth))
	}
	last := 0
	for i := range l.nodes {
		last = max(last, l.nodes[i].layer)
	}
	l.layers = make([][]int, last+1)
	for i := range l.nodes {
		l.layers[l.nodes[i].layer] = append(l.layers[l.nodes[i].layer], i)
	}
	for round := range 8 {
		l.order(round%2 == 0)
	}
	l.place()
	return l
}

// depths is the layer of each table: behind all that it refers to. Where tables
// refer to each other in a circle, the first of them goes ahead.
func depths(n int, edges []edge) []int {
	depth, state := make([]int, n), make([]int, n)
	var visit func(i int) int
	visit = func(i int) int {
		if state[i] != 0 {
			return depth[i]
		}
		state[i] = 1
		for _, e := range edges {
			if e.child == i && e.parent != i && state[e.parent] != 1 {
				depth[i] = max(depth[i], visit(e.parent)+1)
			}
		}
		state[i] = 2
		return depth[i]
	}
	for i := range n {
		visit(i)
	}
	return depth
}

// path makes the places at which an edge passes the layers between its ends.
func (l *layout) path(e edge, depth []int) []int {
	left, right := e.parent, e.child
	if depth[left] > depth[right] {
		left, right = right, left
	}
	path := []int{left}
	for layer := depth[left] + 1; layer < depth[right]; layer++ {
		path = append(path, len(l.nodes))
		l.nodes = append(l.nodes, node{entity: -1, layer: layer, h: laneHigh})
	}
	path = append(path, right)
	if left == right {
		return path
	}
	for i := 1; i < len(path); i++ {
		l.nodes[path[i]].links = append(l.nodes[path[i]].links, path[i-1])
		l.nodes[path[i-1]].rights = append(l.nodes[path[i-1]].rights, path[i])
	}
	return path
}

// order sorts each layer by where its neighbors are, so that edges cross less.
func (l *layout) order(fromLeft bool) {
	position := make([]float64, len(l.nodes))
	for _, layer := range l.layers {
		for i, n := range layer {
			position[n] = (float64(i) + 0.5) / float64(len(layer))
		}
	}
	for _, layer := range l.layers {
		for _, n := range layer {
			near := l.nodes[n].links
			if !fromLeft {
				near = l.nodes[n].rights
			}
			l.nodes[n].weight = position[n]
			if len(near) > 0 {
				sum := 0.0
				for _, other := range near {
					sum += position[other]
				}
				l.nodes[n].weight = sum / float64(len(near))
			}
		}
		slices.SortStableFunc(layer, func(a, b int) int { return cmp.Compare(l.nodes[a].weight, l.nodes[b].weight) })
		for i, n := range layer {
			position[n] = (float64(i) + 0.5) / float64(len(layer))
		}
	}
}

// place gives coordinates: layers side by side, each centered.
func (l *layout) place() {
	heights := make([]float64, len(l.layers))
	for i, layer := range l.layers {
		for _, n := range layer {
			heights[i] += l.nodes[n].h + gapDown
		}
		l.h = max(l.h, heights[i]-gapDown)
	}
	x := float64(margin)
	for i, layer := range l.layers {
		wide := 0.0
		for _, n := range layer {
			wide = max(wide, l.nodes[n].w)
		}
		y := margin + (l.h-heights[i]+gapDown)/2
		for _, n := range layer {
			node := &l.nodes[n]
			node.x, node.y = x, y
			if node.entity < 0 {
				node.w = wide
			}
			y += node.h + gapDown
		}
		x += wide + gapAcross
	}
	l.w, l.h = x-gapAcross+margin, l.h+2*margin
}

func width(e *entity) float64 {
	most := float64(cells(e.name)) * letter * 1.1
	for _, r := range e.rows {
		most = max(most, float64(cells(r.name)+cells(r.typ)+8)*letter)
	}
	return most + 2*padding
}

// cells is how wide a text is in letters; letters of East Asia take two.
func cells(text string) int {
	n := utf8.RuneCountInString(text)
	for _, r := range text {
		if r >= 0x1100 && r <= 0x115F || r >= 0x2E80 && r <= 0xFFE6 {
			n++
		}
	}
	return n
}

package erd

import (
	"fmt"
	"html"
	"strings"

	"github.com/retort-go/retort/migrate/catalog"
)

// SVG is the tables of c as a picture: a box for each table, with its columns, and
// a line from each foreign key to what it refers to.
//
//   - Shape: an SVG document without scripts, fonts or anything from elsewhere. Tables
//     that others refer to are on the left. A crow's foot is many rows, a bar one,
//     a ring none or one; a question mark behind a type means NULL.
func SVG(c *catalog.Catalog) []byte {
	entities, edges := diagram(c)
	l := lay(entities, edges)
	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" width="%.0f" height="%.0f" viewBox="0 0 %.0f %.0f" role="img">`+"\n",
		max(l.w, 2*margin), max(l.h, 2*margin), max(l.w, 2*margin), max(l.h, 2*margin))
	fmt.Fprintf(&b, "<title>%s</title>\n", html.EscapeString(clean(c.Database)))
	b.WriteString(style)
	for i, e := range edges {
		l.edge(&b, e, l.paths[i])
	}
	for i := range entities {
		l.box(&b, i)
	}
	b.WriteString("</svg>\n")
	return []byte(b.String())
}

const style = `<style>
text { font: 12px ui-monospace, "DejaVu Sans Mono", Menlo, Consolas, monospace; fill: #1f2933 }
.head { font-weight: bold; fill: #fff } .type { fill: #697586 } .key { fill: #b45309; font-weight: bold }
.box { fill: #fff; stroke: #475569 } .bar { fill: #334e68 } .odd { fill: #f5f7fa }
.edge { fill: none; stroke: #7b8794; stroke-width: 1.4 } .ring { fill: #fff; stroke: #7b8794; stroke-width: 1.4 }
</style>
<rect width="100%" height="100%" fill="#fff"/>
`

// clean leaves out what XML cannot hold.
func clean(text string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0xFFFE || r == 0xFFFF {
			return ' '
		}
		return r
	}, text)
}

func (l *layout) box(b *strings.Builder, i int) {
	e, n := &l.entities[i], &l.nodes[i]
	say := func(class string, x, y float64, text, end string) {
		if end != "" {
			end = ` text-anchor="end"`
		}
		fmt.Fprintf(b, `<text class="%s" x="%.1f" y="%.1f"%s>%s</text>`+"\n", class, x, y, end, html.EscapeString(clean(text)))
	}
	fmt.Fprintf(b, "<g><title>%s</title>\n", html.EscapeString(clean(strings.TrimSpace(e.name+"\n"+e.table.Comment))))
	fmt.Fprintf(b, `<rect class="box" x="%.1f" y="%.1f" width="%.1f" height="%.1f" rx="4"/>`+"\n", n.x, n.y, n.w, n.h)
	fmt.Fprintf(b, `<rect class="bar" x="%.1f" y="%.1f" width="%.1f" height="%d" rx="4"/>`+"\n", n.x, n.y, n.w, headHigh)
	say("head", n.x+padding, n.y+17, e.name, "")
	for j, r := range e.rows {
		y := n.y + headHigh + float64(lineHigh*j)
		if j%2 == 1 {
			fmt.Fprintf(b, `<rect class="odd" x="%.1f" y="%.1f" width="%.1f" height="%d"/>`+"\n", n.x+1, y, n.w-2, lineHigh-1)
		}
		key := ""
		if r.primary {
			key = "PK"
		} else if r.foreign {
			key = "FK"
		}
		if key != "" {
			say("key", n.x+padding, y+14, key, "")
		}
		say("", n.x+padding+3*letter, y+14, r.name, "")
		typ := r.typ
		if r.null {
			typ += " ?"
		}
		say("type", n.x+n.w-padding, y+14, typ, "end")
	}
	b.WriteString("</g>\n")
}

// edge draws a foreign key from row to row, through the places on its way.
func (l *layout) edge(b *strings.Builder, e edge, path []int) {
	child, parent := &l.nodes[e.child], &l.nodes[e.parent]
	line := func(n *node, row int) float64 { return n.y + headHigh + float64(lineHigh*row) + lineHigh/2 }
	childY, parentY := line(child, e.column), line(parent, e.target)
	fmt.Fprintf(b, "<g><title>%s</title>\n", html.EscapeString(clean(l.entities[e.child].name+" ("+e.label+") → "+l.entities[e.parent].name)))
	switch {
	case e.child == e.parent:
		x := child.x + child.w
		fmt.Fprintf(b, `<path class="edge" d="M%.1f %.1f C%.1f %.1f %.1f %.1f %.1f %.1f"/>`+"\n", x, childY, x+60, childY, x+60, parentY, x, parentY)
		marks(b, x, childY, 1, e, true)
		marks(b, x, parentY, 1, e, false)
	case path[0] == e.parent:
		l.curve(b, path, parentY, childY)
		marks(b, child.x, childY, -1, e, true)
		marks(b, parent.x+parent.w, parentY, 1, e, false)
	default: // in a circle, the other way round
		l.curve(b, path, childY, parentY)
		marks(b, child.x+child.w, childY, 1, e, true)
		marks(b, parent.x, parentY, -1, e, false)
	}
	b.WriteString("</g>\n")
}

// curve goes from the right side of the first node to the left side of the last.
func (l *layout) curve(b *strings.Builder, path []int, fromY, toY float64) {
	first := &l.nodes[path[0]]
	x, y := first.x+first.w, fromY
	fmt.Fprintf(b, `<path class="edge" d="M%.1f %.1f`, x, y)
	for _, at := range path[1:] {
		n := &l.nodes[at]
		nextY := toY
		if n.entity < 0 {
			nextY = n.y + n.h/2
		}
		half := (n.x - x) / 2
		fmt.Fprintf(b, " C%.1f %.1f %.1f %.1f %.1f %.1f", x+half, y, n.x-half, nextY, n.x, nextY)
		x, y = n.x, nextY
		if n.entity < 0 {
			x += n.w
			fmt.Fprintf(b, " L%.1f %.1f", x, y)
		}
	}
	b.WriteString(`"/>` + "\n")
}

// marks draws how many rows there are at one end; out is 1 where the line leaves
// to the right.
func marks(b *strings.Builder, x, y, out float64, e edge, child bool) {
	switch {
	case child && !e.once:
		fmt.Fprintf(b, `<path class="edge" d="M%.1f %.1f L%.1f %.1f L%.1f %.1f"/>`+"\n", x, y-5, x+10*out, y, x, y+5)
	case child:
		fmt.Fprintf(b, `<path class="edge" d="M%.1f %.1f V%.1f"/>`+"\n", x+6*out, y-5, y+5)
	case e.optional:
		fmt.Fprintf(b, `<circle class="ring" cx="%.1f" cy="%.1f" r="4"/>`+"\n", x+6*out, y)
	default:
		fmt.Fprintf(b, `<path class="edge" d="M%.1f %.1f V%.1f"/>`+"\n", x+6*out, y-5, y+5)
	}
}

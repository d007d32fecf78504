package retort_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"testing"

	"github.com/gofrs/uuid/v5"
	"pgregory.net/rapid"

	"github.com/retort-go/retort"
)

// world is what the database should hold: names of nodes with their parent, and
// labels of leaves with their node.
type world struct {
	nodes  map[string]string
	leaves map[string]string
}

func (w world) clone() world { return world{maps.Clone(w.nodes), maps.Clone(w.leaves)} }

// walker makes random changes in a session and in a world.
type walker struct {
	rt    *rapid.T
	s     *retort.Session
	now   world
	nodes map[string]*Node
	rows  map[string]*Leaf
	next  int
}

func (w *walker) check(err error) {
	if err != nil {
		w.rt.Fatal(err)
	}
}

// any draws one of the keys of m.
func pickKey[V any](rt *rapid.T, m map[string]V) string {
	keys := make([]string, 0, len(m))
	for i := range 1000 {
		if k := fmt.Sprint(i); len(keys) < len(m) {
			if _, ok := m[k]; ok {
				keys = append(keys, k)
			}
		}
	}
	if len(keys) == 0 {
		return ""
	}
	return rapid.SampledFrom(keys).Draw(rt, "key")
}

func (w *walker) step(ctx context.Context, depth int) {
	switch rapid.SampledFrom([]string{"node", "node", "leaf", "leaf", "move", "rename", "drop leaf", "drop node", "flush", "savepoint"}).Draw(w.rt, "step") {
	case "node":
		w.next++
		name := fmt.Sprint(w.next)
		n := &Node{Name: name, UUIDKey: retort.UUIDKey{ID: uuid.Must(uuid.NewV4())}}
		parent := pickKey(w.rt, w.nodes)
		if parent != "" && rapid.Bool().Draw(w.rt, "child") {
			n.ParentID = &w.nodes[parent].ID
		} else {
			parent = ""
		}
		w.s.Add(n)
		w.nodes[name], w.now.nodes[name] = n, parent
	case "leaf":
		if node := pickKey(w.rt, w.nodes); node != "" {
			w.next++
			label := fmt.Sprint(w.next)
			l := &Leaf{NodeID: w.nodes[node].ID, Label: label}
			w.s.Add(l)
			w.rows[label], w.now.leaves[label] = l, node
		}
	case "move":
		leaf, node := pickKey(w.rt, w.rows), pickKey(w.rt, w.nodes)
		if leaf != "" {
			w.rows[leaf].NodeID, w.now.leaves[leaf] = w.nodes[node].ID, node
		}
	case "rename": // two labels are exchanged by a third value
		if leaf := pickKey(w.rt, w.rows); leaf != "" {
			w.next++
			label := fmt.Sprint(w.next)
			w.rows[leaf].Label = label
			w.rows[label], w.now.leaves[label] = w.rows[leaf], w.now.leaves[leaf]
			delete(w.rows, leaf)
			delete(w.now.leaves, leaf)
		}
	case "drop leaf":
		if leaf := pickKey(w.rt, w.rows); leaf != "" {
			w.s.Delete(w.rows[leaf])
			delete(w.rows, leaf)
			delete(w.now.leaves, leaf)
		}
	case "drop node":
		w.dropNode(pickKey(w.rt, w.nodes))
	case "flush":
		w.check(w.s.Flush(ctx))
	case "savepoint":
		if depth < 2 {
			w.savepoint(ctx, depth)
		}
	}
}

// dropNode deletes a node with all that hangs on it.
func (w *walker) dropNode(name string) {
	if name == "" {
		return
	}
	for label, node := range maps.Clone(w.now.leaves) {
		if node == name {
			w.s.Delete(w.rows[label])
			delete(w.rows, label)
			delete(w.now.leaves, label)
		}
	}
	for child, parent := range maps.Clone(w.now.nodes) {
		if parent == name {
			w.dropNode(child)
		}
	}
	w.s.Delete(w.nodes[name])
	delete(w.nodes, name)
	delete(w.now.nodes, name)
}

func (w *walker) savepoint(ctx context.Context, depth int) {
	before, nodes, rows := w.now.clone(), maps.Clone(w.nodes), maps.Clone(w.rows)
	undo := rapid.Bool().Draw(w.rt, "undo")
	err := w.s.Savepoint(ctx, func(ctx context.Context) error {
		for range rapid.IntRange(0, 6).Draw(w.rt, "inside") {
			w.step(ctx, depth+1)
		}
		if undo {
			return errNo
		}
		return nil
	})
	if undo {
		w.now, w.nodes, w.rows = before, nodes, rows
		if !errors.Is(err, errNo) {
			w.rt.Fatalf("got %v", err)
		}
		for label, l := range w.rows {
			if l.Label != label || l.NodeID != w.nodes[w.now.leaves[label]].ID {
				w.rt.Fatalf("leaf %s is %+v after the savepoint", label, l)
			}
		}
		return
	}
	w.check(err)
}

// TestUnitsOfWorkAgreeWithAModel makes random changes of two tables, with flushes,
// savepoints and rollbacks in between, and compares the database with a plain map.
func TestUnitsOfWorkAgreeWithAModel(t *testing.T) {
	t.Parallel()
	b := newForest(t)
	ctx := t.Context()
	rapid.Check(t, func(rt *rapid.T) {
		b.Exec(t, "TRUNCATE nodes, leaves")
		s := b.Engine.Session()
		defer s.Close(ctx)
		w := &walker{
			rt: rt, s: s, now: world{map[string]string{}, map[string]string{}},
			nodes: map[string]*Node{}, rows: map[string]*Leaf{},
		}
		stored := w.now.clone()
		for range rapid.IntRange(1, 3).Draw(rt, "transactions") {
			for range rapid.IntRange(0, 10).Draw(rt, "steps") {
				w.step(ctx, 0)
			}
			if rapid.Bool().Draw(rt, "commit") {
				w.check(s.Commit(ctx))
				stored = w.now.clone()
			} else {
				w.check(s.Rollback(ctx))
				w.now = stored.clone()
			}
			w.load(ctx)
			got := world{map[string]string{}, map[string]string{}}
			for _, row := range b.Rows(t, "SELECT n.name || ':' || coalesce(p.name, '') FROM nodes n LEFT JOIN nodes p ON p.id = n.parent_id") {
				name, parent, _ := cutAfter(row, ":")
				got.nodes[name[:len(name)-1]] = parent
			}
			for _, row := range b.Rows(t, "SELECT label || ':' || name FROM leaves JOIN nodes ON nodes.id = node_id") {
				label, node, _ := cutAfter(row, ":")
				got.leaves[label[:len(label)-1]] = node
			}
			if !maps.Equal(got.nodes, stored.nodes) || !maps.Equal(got.leaves, stored.leaves) {
				rt.Fatalf("the database holds %v, want %v", got, stored)
			}
		}
	})
}

// load reads what there is, after a rollback has let the objects go.
func (w *walker) load(ctx context.Context) {
	nodes, err := Nodes.Query().All(ctx, w.s)
	w.check(err)
	leaves, err := Leaves.Query().All(ctx, w.s)
	w.check(err)
	w.nodes, w.rows = map[string]*Node{}, map[string]*Leaf{}
	for _, n := range nodes {
		w.nodes[n.Name] = n
	}
	for _, l := range leaves {
		w.rows[l.Label] = l
	}
}

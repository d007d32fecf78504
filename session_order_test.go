package retort_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/gofrs/uuid/v5"
	"github.com/google/go-cmp/cmp"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/retorttest"
)

// Node refers to its own table, and each of its leaves to it.
type Node struct {
	retort.UUIDKey
	ParentID *uuid.UUID
	Name     string
	Slot     *int32
}

// Define declares what the fields cannot say.
func (Node) Define(d *retort.Definition[Node]) {
	d.References(d.C.ParentID, &Nodes.C.ID)
	d.Unique(&d.C.Name, d.C.Slot)
}

// Leaf hangs on a node.
type Leaf struct {
	retort.BigintKey
	NodeID uuid.UUID
	Label  string
}

// Define declares what the fields cannot say.
func (Leaf) Define(d *retort.Definition[Leaf]) {
	d.References(&d.C.NodeID, &Nodes.C.ID)
	d.Unique(&d.C.Label)
}

var (
	Nodes  = retort.NewTable[Node]("nodes")
	Leaves = retort.NewTable[Leaf]("leaves")
	forest = retort.NewBase(Leaves, Nodes)
)

func newForest(tb testing.TB) bench {
	tb.Helper()
	seen := &recorder{}
	return bench{retorttest.New(tb, forest, func(c *retort.Config) { c.Observer = seen }), seen}
}

func TestFlushOrder(t *testing.T) {
	t.Parallel()
	ctx := t.Context()

	t.Run("parents_before_children_and_deletes_last_children_first", func(t *testing.T) {
		t.Parallel()
		b := newBench(t)
		s := b.session(t)
		old := newAuthor("old")
		book := newBook(old, "t")
		s.Add(book, old) // against the foreign key
		book.AuthorID = old.ID
		must(t, s.Commit(ctx))
		if diff := cmp.Diff([]string{"INSERT authors", "INSERT books"}, b.seen.verbs()); diff != "" {
			t.Error(diff)
		}
		next := newAuthor("next")
		s.Delete(old, book)
		s.Add(next)
		second := newBook(next, "u")
		s.Add(second)
		must(t, s.Commit(ctx))
		want := []string{"INSERT authors", "INSERT books", "DELETE books", "DELETE authors"}
		if diff := cmp.Diff(want, b.seen.verbs()); diff != "" {
			t.Error(diff)
		}
	})
	t.Run("a_child_moves_to_a_new_parent_before_the_old_one_goes", func(t *testing.T) {
		t.Parallel()
		b := newForest(t)
		s := b.session(t)
		old := &Node{Name: "old"}
		s.Add(old)
		leaf := &Leaf{NodeID: old.ID, Label: "l"}
		s.Add(leaf)
		must(t, s.Commit(ctx))
		b.seen.take()
		next := &Node{Name: "next"}
		s.Add(next)
		leaf.NodeID = next.ID
		s.Delete(old)
		must(t, s.Commit(ctx))
		if diff := cmp.Diff([]string{"INSERT nodes", "UPDATE leaves", "DELETE nodes"}, b.seen.verbs()); diff != "" {
			t.Error(diff)
		}
	})
	t.Run("updates_go_by_key", func(t *testing.T) {
		t.Parallel()
		b := newBench(t)
		s := b.session(t)
		var counters []*Counter
		for _, name := range strings.Fields("d b e a c") {
			counters = append(counters, &Counter{Name: name})
			s.Add(counters[len(counters)-1])
		}
		must(t, s.Commit(ctx))
		b.Proxy.Reset()
		for _, c := range counters {
			c.Value++
		}
		must(t, s.Commit(ctx))
		var locked []string
		for _, c := range counters {
			locked = append(locked, c.Name)
		}
		slices.Sort(locked)
		// The row versions lie in the table in the order in which they were written.
		if diff := cmp.Diff(locked, b.Rows(t, "SELECT name FROM counters ORDER BY ctid")); diff != "" {
			t.Error(diff)
		}
	})
	t.Run("a_tree_in_any_order_of_adding", func(t *testing.T) {
		t.Parallel()
		b := newForest(t)
		s := b.session(t)
		nodes := make([]*Node, 30)
		for i := range nodes {
			nodes[i] = &Node{Name: "n", UUIDKey: retort.UUIDKey{ID: uuid.Must(uuid.NewV4())}}
			slot := int32(i)
			nodes[i].Slot = &slot
			if i > 0 {
				nodes[i].ParentID = &nodes[(i-1)/2].ID
			}
		}
		for _, i := range []int{29, 3, 14, 0, 7} {
			s.Add(nodes[i])
		}
		for i := range nodes {
			s.Add(nodes[len(nodes)-1-i])
		}
		must(t, s.Commit(ctx))
		// An old row comes to hang on a new one.
		top := &Node{Name: "top"}
		s.Add(top)
		nodes[0].ParentID = &top.ID
		must(t, s.Commit(ctx))
		for _, i := range []int{0, 15, 2, 29} {
			s.Delete(nodes[i])
		}
		for _, n := range nodes {
			s.Delete(n)
		}
		s.Delete(top)
		must(t, s.Commit(ctx))
		if n := b.QueryInt(t, "SELECT count(*) FROM nodes"); n != 0 {
			t.Errorf("%d nodes are left", n)
		}
	})
	t.Run("a_deep_chain", func(t *testing.T) {
		t.Parallel()
		b := newForest(t)
		s := b.session(t)
		var above *uuid.UUID
		var chain []*Node
		for i := range 500 {
			slot := int32(i)
			n := &Node{Name: "chain", Slot: &slot, ParentID: above, UUIDKey: retort.UUIDKey{ID: uuid.Must(uuid.NewV4())}}
			above = &n.ID
			chain = append(chain, n)
		}
		slices.Reverse(chain)
		for _, n := range chain {
			s.Add(n)
		}
		must(t, s.Commit(ctx))
	})
	t.Run("a_circle_in_one_table_is_one_statement", func(t *testing.T) {
		t.Parallel()
		b := newForest(t)
		s := b.session(t)
		x, y := &Node{Name: "x"}, &Node{Name: "y"}
		s.Add(x, y)
		x.ParentID, y.ParentID = &y.ID, &x.ID
		must(t, s.Commit(ctx))
		s.Delete(x, y)
		must(t, s.Commit(ctx))
	})
}

func TestDeletesMakeRoom(t *testing.T) {
	t.Parallel()
	ctx := t.Context()

	t.Run("for_an_insert_and_an_update_with_their_unique_value", func(t *testing.T) {
		t.Parallel()
		b := newBench(t)
		s := b.session(t)
		a1, a2, a3 := newAuthor("1"), newAuthor("2"), newAuthor("3")
		s.Add(a1, a2, a3)
		must(t, s.Commit(ctx))
		b.seen.take()
		s.Delete(a1, a2)
		s.Add(newAuthor("1"))
		a3.Email = a2.Email
		must(t, s.Commit(ctx))
		want := []string{"DELETE authors", "UPDATE authors", "INSERT authors"}
		if diff := cmp.Diff(want, b.seen.verbs()); diff != "" {
			t.Error(diff)
		}
	})
	t.Run("for_the_same_key", func(t *testing.T) {
		t.Parallel()
		b := newBench(t)
		s := b.session(t)
		c := &Counter{Name: "k", Value: 1}
		s.Add(c)
		must(t, s.Commit(ctx))
		s.Delete(c)
		s.Add(&Counter{Name: "k", Value: 2})
		must(t, s.Commit(ctx))
		if got := b.QueryInt(t, "SELECT value FROM counters"); got != 2 {
			t.Errorf("value %d", got)
		}
	})
	t.Run("with_the_rows_below_them_but_not_with_others", func(t *testing.T) {
		t.Parallel()
		b := newForest(t)
		s := b.session(t)
		slot := int32(1)
		root, other := &Node{Name: "r", Slot: &slot}, &Node{Name: "o", Slot: &slot}
		s.Add(root, other)
		child := &Node{Name: "c", ParentID: &root.ID}
		s.Add(child)
		under, beside := &Leaf{NodeID: child.ID, Label: "under"}, &Leaf{NodeID: other.ID, Label: "beside"}
		s.Add(under, beside)
		must(t, s.Commit(ctx))
		b.seen.take()
		s.Delete(root, child, under, beside)
		s.Add(&Node{Name: "r", Slot: &slot})
		must(t, s.Commit(ctx))
		want := []string{"DELETE leaves", "DELETE nodes", "INSERT nodes", "DELETE leaves"}
		if diff := cmp.Diff(want, b.seen.verbs()); diff != "" {
			t.Error(diff)
		}
	})
	t.Run("not_for_values_with_a_null", func(t *testing.T) {
		t.Parallel()
		b := newForest(t)
		s := b.session(t)
		n := &Node{Name: "n"}
		s.Add(n)
		must(t, s.Commit(ctx))
		b.seen.take()
		s.Delete(n)
		s.Add(&Node{Name: "n"})
		must(t, s.Commit(ctx))
		if diff := cmp.Diff([]string{"INSERT nodes", "DELETE nodes"}, b.seen.verbs()); diff != "" {
			t.Error(diff)
		}
	})
}

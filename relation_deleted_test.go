package retort_test

import (
	"fmt"
	"testing"
)

// TestJSONOfWhatWasDeleted: a relation that was asked for stays so.
func TestJSONOfWhatWasDeleted(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	b := blogBench(t)
	fillBlogs(t, b, 1)
	s := b.session(t)
	blog, err := blogs.Query().With(&blogs.C.Setting).First(ctx, s)
	must(t, err)
	color := &Setting{Color: "red"}
	must(t, blog.Setting.Set(color))
	must(t, s.Flush(ctx))
	s.Delete(color)
	must(t, s.Flush(ctx))
	want := fmt.Sprintf(`{"id":%q,"Name":"b1","setting":null}`, blog.ID)
	if got := shown(t, blog); got != want || blog.Setting.IsZero() {
		t.Errorf("got %s", got)
	}
}

// TestLongRelationForgetsDeletedRows: a list that is searched by a map does as a short one.
func TestLongRelationForgetsDeletedRows(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	b := blogBench(t)
	for _, n := range []int{2, 40} {
		s := b.session(t)
		blog := &Blog{}
		s.Add(blog)
		for i := range n {
			p := essay(fmt.Sprint(i))
			must(t, p.Comments.Replace()) // none, so that it can be deleted
			must(t, blog.Posts.Append(p))
		}
		must(t, s.Flush(ctx))
		rows, err := blog.Posts.All()
		must(t, err)
		s.Delete(rows[0])
		must(t, s.Flush(ctx))
		wantErr(t, blog.Posts.Append(rows[0]), nil, "was deleted in this transaction")
		wantErr(t, blog.Posts.Remove(rows[0]), nil, "object is not in the relation")
		must(t, s.Close(ctx))
	}
}

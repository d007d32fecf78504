package guidetest_test

import (
	"testing"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/retorttest"
)

type Article struct {
	retort.UUIDKey
	Title string
	Text  string
	Words string `json:"-"`
}

func (Article) Define(d *retort.Definition[Article]) {
	d.Column(&d.C.Words).Type("tsvector").Generated("setweight(to_tsvector('english', title), 'A') || to_tsvector('english', text)")
	d.Index(&d.C.Words).Using("gin")
	d.Index().Expression("to_tsvector('english', text)").Using("gin")
}

// Remark is an answer to another one, or to nothing.
type Remark struct {
	retort.BigintKey
	ParentID *int64
	Text     string
}

func (Remark) Define(d *retort.Definition[Remark]) { d.References(d.C.ParentID, &d.C.ID) }

var (
	Articles = retort.NewTable[Article]("articles")
	Remarks  = retort.NewTable[Remark]("remarks")
	Magazine = retort.NewBase(Articles, Remarks)
)

func TestQueries_full_text(t *testing.T) {
	t.Parallel()
	k := retorttest.New(t, Magazine)
	ctx := t.Context()
	s := k.Engine.Session()
	defer s.Close(ctx)
	s.Add(&Article{Title: "Cats", Text: "What foxes fear"}, &Article{Title: "The fox", Text: "jumped"}, &Article{Title: "Dogs", Text: "bark"})
	in := struct{ Search string }{"foxes"}

	a, search := Articles.C, retort.WebSearch("english", in.Search)
	words := retort.TSVectorOf(&a.Words)
	hits, err := Articles.Where(retort.Matches(words, search)).
		OrderBy(retort.SearchRank(words, search).Desc()).
		Limit(20).
		All(ctx, s)

	if err != nil || len(hits) != 2 || hits[0].Title != "The fox" || hits[1].Title != "Cats" {
		t.Errorf("%v, %v", hits, err)
	}

	n, err := Articles.Where(retort.Matches(retort.ToTSVector("english", retort.Col(&a.Text)), search)).Count(ctx, s)

	if err != nil || n != 1 {
		t.Errorf("%d, %v", n, err)
	}
}

func TestQueries_trees(t *testing.T) {
	t.Parallel()
	k := retorttest.New(t, Magazine)
	ctx := t.Context()
	s := k.Engine.Session()
	defer s.Close(ctx)
	root := &Remark{Text: "root"}
	s.Add(root)
	if err := s.Flush(ctx); err != nil {
		t.Fatal(err)
	}
	one := &Remark{ParentID: &root.ID, Text: "one"}
	s.Add(one, &Remark{ParentID: &root.ID, Text: "two"}, &Remark{Text: "apart"})
	if err := s.Flush(ctx); err != nil {
		t.Fatal(err)
	}
	s.Add(&Remark{ParentID: &one.ID, Text: "deep"})

	type node struct {
		ID    int64
		Depth int32
	}
	var n node
	r := Remarks.C
	tree := retort.Recursive("tree",
		retort.Select(Remarks.Where(retort.Eq(&r.ID, root.ID)), &n,
			retort.Into(&n.ID, &r.ID), retort.Into(&n.Depth, retort.Val[int32](0))),
		func(self *retort.Table[node]) retort.RowsOf[node] {
			return retort.Select(Remarks.Query().Join(self, retort.EqCol(r.ParentID, &self.C.ID)), &n,
				retort.Into(&n.ID, &r.ID), retort.Into(&n.Depth, retort.Col(&self.C.Depth).Add(retort.Val[int32](1))))
		})
	remarks, err := Remarks.Query().Join(tree, retort.EqCol(&tree.C.ID, &r.ID)).
		OrderBy(retort.Asc(&tree.C.Depth), retort.Asc(&r.ID)).
		All(ctx, s)

	var texts string
	for _, r := range remarks {
		texts += r.Text + " "
	}
	if err != nil || texts != "root one two deep " {
		t.Errorf("%q, %v", texts, err)
	}
}

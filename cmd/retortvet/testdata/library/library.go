// Package library makes each kind of mistake once, against the library itself.
package library

import (
	"context"
	"net/http"
	"sync"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/web"
)

type Book struct {
	retort.BigintKey
	retort.Timestamps
	Title string
	Note  *string
	Loans retort.Many[Loan]
}

type Loan struct {
	retort.BigintKey
	BookID int64
}

var (
	Books = retort.NewTable[Book]("books")
	Loans = retort.NewTable[Loan]("loans")
)

func (Book) Define(d *retort.Definition[Book]) {
	d.Index(d.C.Note, &d.C.Title)
	d.Unique(d.C.Title) // wrong: standin
	retort.HasMany(d, &d.C.Loans, Loans, func(c *Loan) *int64 {
		c.BookID = 1 // wrong: standin
		return &c.BookID
	})
}

func queries(ctx context.Context, s *retort.Session, in *Book) error {
	c := Books.C
	late := Books.Where(retort.Eq(c.Note, "x"), retort.Opt(c.Note, in.Note), retort.Lt(&c.CreatedAt, in.UpdatedAt),
		retort.Lt(&c.CreatedAt, c.UpdatedAt), // wrong: standin
	).OrderBy(retort.Asc(&c.Title), retort.Desc(c.Note))
	_ = Books.Insert(in).OnConflict(c.Note, &c.Title)
	_ = Books.Insert(in).OnConflict(c.Title) // wrong: standin
	pages := web.Paginate(make([]byte, 16), Books.Query())
	web.SortBy(pages, "title", &c.Title)
	web.FilterBy(pages, "note", c.Note)
	_, err := late.With(&c.Loans).All(ctx, s)
	row := *c // wrong: standin
	s.Add(&row)
	return err
}

func goroutines(ctx context.Context, s *retort.Session, r *http.Request, out chan *retort.Session) {
	go func() { s.Add(&Book{}) }() // wrong: session
	var work sync.WaitGroup
	work.Go(func() { _ = web.Session(r).Flush(ctx) }) // wrong: session
	out <- s                                          // wrong: session
}

func texts(ctx context.Context, s *retort.Session, name string) error {
	_, err := s.Exec(ctx, "DELETE FROM "+name) // wrong: sqltext
	if err == nil {
		_, err = retort.SQL[int64]("SELECT count(*) FROM "+name).One(ctx, s) // wrong: sqltext
	}
	return err
}

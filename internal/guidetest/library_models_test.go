package guidetest_test

import (
	"testing"
	"time"

	"github.com/gofrs/uuid/v5"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/retorttest"
	"github.com/retort-go/retort/schema"
)

type Genre string

const (
	Novel  Genre = "novel"
	Poetry Genre = "poetry"
)

type Author struct {
	retort.UUIDKey
	retort.Timestamps
	retort.Version
	TenantID int64
	Name     string
	Email    string
}

func (Author) Define(d *retort.Definition[Author]) { d.Unique(&d.C.Email) }

type Book struct {
	retort.UUIDKey
	retort.SoftDelete
	AuthorID uuid.UUID
	Title    string
	Genre    Genre
	Pages    int32
	Sold     int64
	Rank     *int32
	InPrint  bool
}

func (Book) Define(d *retort.Definition[Book]) {
	d.References(&d.C.AuthorID, &Authors.C.ID).OnDelete(schema.Cascade)
	d.Unique(&d.C.AuthorID, &d.C.Title).Where("deleted_at IS NULL")
}

type Job struct {
	retort.BigintKey
	What   string
	DoneAt *time.Time
}

type Counter struct {
	Name string
	Hits int64
}

func (Counter) Define(d *retort.Definition[Counter]) { d.PrimaryKey(&d.C.Name) }

var (
	Authors  = retort.NewTable[Author]("authors")
	Books    = retort.NewTable[Book]("books")
	Jobs     = retort.NewTable[Job]("jobs")
	Counters = retort.NewTable[Counter]("counters")
	Library  = retort.NewBase(Authors, Books, Jobs, Counters, retort.NewEnum("genre", Novel, Poetry))
)

// newLibrary is a database with two authors of tenant 7 and one of tenant 8; Austen
// has two novels, Brontë a book of poems, Carroll nothing.
func newLibrary(t *testing.T, change ...func(*retort.Config)) *retorttest.Kit {
	t.Helper()
	k := retorttest.New(t, Library, change...)
	add := func(tenant int64, name, email string) *Author {
		return retorttest.Make(t, k, func(a *Author) { a.TenantID, a.Name, a.Email = tenant, name, email })
	}
	austen, bronte := add(7, "Austen", "jane@example.org"), add(7, "Brontë", "anne@example.org")
	add(8, "Carroll", "lewis@example.org")
	book := func(a *Author, genre Genre, title string, pages int32, sold int64) {
		retorttest.Make(t, k, func(b *Book) {
			b.AuthorID, b.Genre, b.Title, b.Pages, b.Sold, b.InPrint, b.Rank, b.DeletedAt = a.ID, genre, title, pages, sold, true, nil, nil
		})
	}
	book(austen, Novel, "Emma", 400, 50)
	book(austen, Novel, "Persuasion", 300, 5)
	book(bronte, Poetry, "Poems", 100, 7)
	return k
}

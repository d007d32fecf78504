package retort_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/gofrs/uuid/v5"
	"go.uber.org/goleak"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/retorttest"
	"github.com/retort-go/retort/schema"
)

func TestMain(m *testing.M) {
	retorttest.Main(m, func() error { return goleak.Find() })
}

// Genre is an enum.
type Genre string

// The genres.
const (
	Novel  Genre = "novel"
	Poetry Genre = "poetry"
)

// Author has books, and a version.
type Author struct {
	retort.UUIDKey
	retort.Timestamps
	retort.Version
	Name  string
	Email string
	Note  *string
	Books retort.Many[Book] `json:"books,omitzero"`
}

// Define declares what the fields cannot say.
func (Author) Define(d *retort.Definition[Author]) {
	d.Unique(&d.C.Email)
	d.Index(&d.C.Name)
	d.Check("name_not_empty", "name <> ''")
	retort.HasMany(d, &d.C.Books, Books, func(b *Book) *uuid.UUID { return &b.AuthorID })
}

// Book has every supported type.
type Book struct {
	retort.UUIDKey
	AuthorID  uuid.UUID
	Title     string
	Genre     Genre
	Pages     int32
	Sold      int64
	Rank      *int16
	Price     float64
	Weight    *float32
	InPrint   bool
	Cover     []byte
	Tags      []string
	Extra     json.RawMessage
	Published *time.Time
	SeenAt    time.Time
	Subtitle  *string
}

// Define declares what the fields cannot say.
func (Book) Define(d *retort.Definition[Book]) {
	d.References(&d.C.AuthorID, &Authors.C.ID).OnDelete(schema.Cascade)
	d.Column(&d.C.Published).Type("date")
	d.Unique(&d.C.AuthorID, &d.C.Title).Where("in_print")
}

// Event is numbered by the database.
type Event struct {
	retort.BigintKey
	BookID uuid.UUID
	What   string
	At     time.Time
}

// Define declares what the fields cannot say.
func (Event) Define(d *retort.Definition[Event]) {
	d.Column(&d.C.At).ServerMade("now()")
	d.References(&d.C.BookID, &Books.C.ID).Deferrable(schema.InitiallyDeferred)
}

// Counter has a plain key of its own and no version.
type Counter struct {
	Name  string
	Value int64
}

// Define declares what the fields cannot say.
func (Counter) Define(d *retort.Definition[Counter]) { d.PrimaryKey(&d.C.Name) }

var (
	Authors  = retort.NewTable[Author]("authors")
	Books    = retort.NewTable[Book]("books")
	Events   = retort.NewTable[Event]("events")
	Counters = retort.NewTable[Counter]("counters")
	Genres   = retort.NewEnum("genre", Novel, Poetry)
	library  = retort.NewBase(Authors, Books, Events, Counters, Genres)
)

// newAuthor is a valid author whose email is name@x.
func newAuthor(name string) *Author { return &Author{Name: name, Email: name + "@x"} }

// newBook is a valid book.
func newBook(a *Author, title string) *Book {
	return &Book{
		AuthorID: a.ID, Title: title, Genre: Novel, Pages: 320, Cover: []byte{1, 0, 2}, Tags: []string{"a", `b"c`, "é"},
		Extra: json.RawMessage(`{"k": 1}`), InPrint: true, SeenAt: time.Date(2024, 2, 29, 12, 0, 0, 123456000, time.UTC),
	}
}

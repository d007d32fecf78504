package guidetest

import (
	"testing"

	"github.com/jackc/pgx/v5/pgtype"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/retorttest"
	"github.com/retort-go/retort/schema"
)

// olderBook is a table as an older program made it.
type olderBook struct {
	ID    int32
	Lent  pgtype.Range[int32]
	Title string
}

func (olderBook) Define(d *retort.Definition[olderBook]) {
	d.PrimaryKey(&d.C.ID)
	d.KeyName("books_pkey")
	d.Column(&d.C.ID).Identity(schema.Serial)
	d.Column(&d.C.Lent).NotNull()
}

// The guide to models: tables that are there already, with their names.
func TestModelOfATableThatIsThere(t *testing.T) {
	t.Parallel()
	base := retort.NewBase(retort.NewTable[olderBook]("books"))
	db := retorttest.NewDatabase(t, retorttest.Template{})
	db.Exec(t, "CREATE TABLE books (id serial PRIMARY KEY, lent int4range NOT NULL, title text NOT NULL)")
	eng, err := retort.Open(retort.Config{Base: base, URL: db.URL()})
	if err != nil {
		t.Fatal(err)
	}
	defer eng.Close(t.Context())
	if err := base.CreateAll(t.Context(), eng); err != nil { // which refuses what differs
		t.Error(err)
	}
}

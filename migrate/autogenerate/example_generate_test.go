package autogenerate_test

import (
	"context"
	"fmt"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/localpg"
	"github.com/retort-go/retort/migrate/autogenerate"
)

// Poem is a model that gained a column.
type Poem struct {
	ID    int64
	Title string
}

// Define says what the struct cannot.
func (Poem) Define(d *retort.Definition[Poem]) {
	d.PrimaryKey(&d.C.ID)
	d.Column(&d.C.Title).Default("'untitled'")
	d.Index(&d.C.Title)
}

// Generate plans what leads from a database to the models and back; nothing is
// run.
func ExampleGenerate() {
	ctx := context.Background()
	server, err := localpg.Start(ctx, localpg.Config{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = server.Stop(ctx) }()
	base := retort.NewBase(retort.NewTable[Poem]("poems"))
	eng, err := retort.Open(retort.Config{URL: server.URL("postgres"), Base: base})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = eng.Close(ctx) }()
	_, err = retort.Run(ctx, eng, retort.TxOptions{}, func(ctx context.Context, s *retort.Session) (int64, error) {
		return s.Exec(ctx, "CREATE TABLE poems (id bigint CONSTRAINT pk_poems PRIMARY KEY)")
	})
	if err != nil {
		fmt.Println(err)
		return
	}

	candidate, err := autogenerate.Generate(ctx, eng, base, autogenerate.Config{})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, d := range candidate.Differences {
		fmt.Println("--", d)
	}
	fmt.Print(autogenerate.Script(candidate.Plan.Up))
	// Output:
	// -- add column poems.title
	// -- add index poems.ix_poems_title
	// BEGIN;
	// -- lock: ACCESS EXCLUSIVE on poems for a moment
	// ALTER TABLE "poems" ADD COLUMN "title" text DEFAULT 'untitled'::text NOT NULL;
	// COMMIT;
	//
	// CREATE INDEX CONCURRENTLY "ix_poems_title" ON "poems" USING btree (title);
}

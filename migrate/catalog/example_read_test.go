package catalog_test

import (
	"context"
	"fmt"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/localpg"
	"github.com/retort-go/retort/migrate/catalog"
)

// Read describes a database in the server's own words.
func ExampleRead() {
	ctx := context.Background()
	server, err := localpg.Start(ctx, localpg.Config{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = server.Stop(ctx) }()
	eng, err := retort.Open(retort.Config{URL: server.URL("postgres"), Base: retort.NewBase()})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = eng.Close(ctx) }()

	create := func(ctx context.Context, s *retort.Session) (int64, error) {
		return s.Exec(ctx, "CREATE TABLE books (id bigint PRIMARY KEY, title varchar(80) DEFAULT 'untitled', CHECK (title <> ''))")
	}
	if _, err := retort.Run(ctx, eng, retort.TxOptions{}, create); err != nil {
		fmt.Println(err)
		return
	}
	c, err := catalog.Read(ctx, eng, catalog.Options{Include: []string{"public"}})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, t := range c.Tables {
		for _, col := range t.Columns {
			fmt.Printf("%s.%s %s, default %q\n", t.Name, col.Name, col.Type, col.Default)
		}
		for _, k := range t.Constraints {
			fmt.Println(k.Name, k.Definition)
		}
	}
	// Output:
	// books.id bigint, default ""
	// books.title character varying(80), default "'untitled'::character varying"
	// books_pkey PRIMARY KEY (id)
	// books_title_check CHECK (((title)::text <> ''::text))
}

package inspect_test

import (
	"context"
	"fmt"
	"strings"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/localpg"
	"github.com/retort-go/retort/migrate/inspect"
)

// A project begins with the schema that it has.
func ExampleModels() {
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
	_, err = retort.Run(ctx, eng, retort.TxOptions{}, func(ctx context.Context, s *retort.Session) (int64, error) {
		return s.Exec(ctx, "CREATE TABLE poems (id bigint PRIMARY KEY, title varchar(80) NOT NULL, written date)")
	})
	if err != nil {
		fmt.Println(err)
		return
	}

	result, err := inspect.Models(ctx, eng, inspect.Options{Package: "poetry"})
	if err != nil {
		fmt.Println(err)
		return
	}
	_, model, _ := strings.Cut(string(result.Source), "// Poem is")
	model, _, _ = strings.Cut(model, "// Base")
	fmt.Print("// Poem is", model)
	// Output:
	// // Poem is a row of poems.
	// type Poem struct {
	// 	ID      int64
	// 	Title   string
	// 	Written *time.Time
	// }
	//
	// // Define says what the fields cannot.
	// func (Poem) Define(d *retort.Definition[Poem]) {
	// 	d.PrimaryKey(&d.C.ID)
	// 	d.Column(&d.C.Title).Type("character varying(80)")
	// 	d.Column(&d.C.Written).Type("date")
	// }
	//
	// // Poems is the table poems.
	// var Poems = retort.NewTable[Poem]("poems")
}

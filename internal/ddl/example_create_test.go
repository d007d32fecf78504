package ddl_test

import (
	"fmt"

	"github.com/retort-go/retort/internal/ddl"
	"github.com/retort-go/retort/schema"
)

func ExampleCreate() {
	s := &schema.Schema{
		Enums: []schema.Enum{{Name: "mood", Values: []string{"fine", "tired"}}},
		Tables: []schema.Table{{
			Name: "readers",
			Columns: []schema.Column{
				{Name: "id", Type: "uuid", NotNull: true},
				{Name: "mood", Type: "mood", NotNull: true, Default: "'fine'"},
			},
			PrimaryKey: &schema.PrimaryKey{Name: "pk_readers", Columns: []string{"id"}},
			Indexes:    []schema.Index{{Name: "ix_readers_mood", Parts: schema.Parts("mood"), Where: "mood <> 'fine'"}},
		}},
	}
	for _, statement := range ddl.Create(s) {
		fmt.Println(statement.SQL + ";")
	}
	// Output:
	// CREATE TYPE "mood" AS ENUM (
	//     'fine',
	//     'tired'
	// );
	// CREATE TABLE "readers" (
	//     "id" uuid NOT NULL,
	//     "mood" "mood" NOT NULL DEFAULT 'fine',
	//     CONSTRAINT "pk_readers" PRIMARY KEY ("id")
	// );
	// CREATE INDEX "ix_readers_mood"
	//     ON "readers" ("mood")
	//     WHERE mood <> 'fine';
}

func ExampleValidate() {
	s := &schema.Schema{Tables: []schema.Table{{
		Name:       "readers",
		Columns:    []schema.Column{{Name: "id"}},
		PrimaryKey: &schema.PrimaryKey{Name: "pk_readers", Columns: []string{"key"}},
	}}}
	for _, problem := range ddl.Validate(s) {
		fmt.Println(problem)
	}
	// Output:
	// ddl: table readers: column id: it has no type
	// ddl: table readers: constraint pk_readers: the table has no column "key"
}

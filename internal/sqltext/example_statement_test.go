package sqltext_test

import (
	"fmt"

	"github.com/retort-go/retort/internal/sqltext"
)

func ExampleBuilder() {
	var b sqltext.Builder
	b.WriteString("SELECT ")
	b.Idents([]string{"id", "title"}, ", ")
	b.WriteString(" FROM ")
	b.Ident("books")
	b.WriteString(" WHERE id = ")
	b.Arg()
	fmt.Println(b.String())
	// Output: SELECT "id", "title" FROM "books" WHERE id = $1
}

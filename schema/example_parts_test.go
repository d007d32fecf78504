package schema_test

import (
	"fmt"

	"github.com/retort-go/retort/schema"
)

// Facts of an index, and the name that the convention gives it.
func ExampleParts() {
	index := schema.Index{Method: "gin", Parts: schema.Parts("tags", "title")}
	for _, part := range index.Parts {
		fmt.Println(part.Column)
	}
	fmt.Println(schema.DefaultNaming().IndexName("books", []string{"tags", "title"}))
	// Output:
	// tags
	// title
	// ix_books_tags_title
}

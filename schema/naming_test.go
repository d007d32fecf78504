package schema_test

import (
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/retort-go/retort/schema"
)

func TestNaming(t *testing.T) {
	t.Parallel()

	t.Run("follows_the_prefixes_of_SQLAlchemy", func(t *testing.T) {
		t.Parallel()
		n := schema.DefaultNaming()
		got := []string{
			n.PrimaryKeyName("books"),
			n.UniqueName("books", []string{"author_id", "title"}),
			n.IndexName("books", []string{"title"}),
			n.CheckName("books", "title_not_empty"),
			n.ForeignKeyName("books", []string{"author_id"}, "authors"),
			n.ExclusionName("loans", []string{"book_id", "period"}),
		}
		want := []string{
			"pk_books", "uq_books_author_id_title", "ix_books_title",
			"ck_books_title_not_empty", "fk_books_author_id_authors",
			"ex_loans_book_id_period",
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	})

	t.Run("fills_empty_patterns_only", func(t *testing.T) {
		t.Parallel()
		got := schema.Naming{PrimaryKey: "{table}_pkey"}.WithDefaults()
		want := schema.DefaultNaming()
		want.PrimaryKey = "{table}_pkey"
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	})

	t.Run("replaces_once_whatever_the_names_look_like", func(t *testing.T) {
		t.Parallel()
		if got := schema.DefaultNaming().IndexName("{columns}", []string{"{table}"}); got != "ix_{columns}_{table}" {
			t.Errorf("IndexName = %s", got)
		}
	})

	t.Run("keeps_63_bytes_and_cuts_64", func(t *testing.T) {
		t.Parallel()
		n := schema.DefaultNaming()
		fits := strings.Repeat("x", schema.MaxIdentifier-len("pk_"))
		if got := n.PrimaryKeyName(fits); got != "pk_"+fits {
			t.Errorf("a name of 63 bytes became %s", got)
		}
		got := n.PrimaryKeyName(fits + "y")
		if len(got) != schema.MaxIdentifier || !strings.HasPrefix(got, "pk_xxx") {
			t.Errorf("a name of 64 bytes became %s, %d bytes", got, len(got))
		}
		if other := n.PrimaryKeyName(fits + "z"); other == got {
			t.Errorf("two long names became the same %s", got)
		}
	})

	t.Run("never_cuts_inside_a_letter", func(t *testing.T) {
		t.Parallel()
		for extra := range 4 {
			got := schema.DefaultNaming().PrimaryKeyName(strings.Repeat("x", extra) + strings.Repeat("語", 40))
			if len(got) > schema.MaxIdentifier || !utf8.ValidString(got) {
				t.Errorf("the cut name is %q, %d bytes", got, len(got))
			}
		}
	})
}

func ExampleNaming() {
	naming := schema.Naming{Index: "{table}_{columns}_idx"}.WithDefaults()
	fmt.Println(naming.IndexName("books", []string{"author_id", "title"}))
	fmt.Println(naming.PrimaryKeyName("books"))
	// Output:
	// books_author_id_title_idx
	// pk_books
}

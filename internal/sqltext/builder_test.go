package sqltext_test

import (
	"testing"

	"github.com/retort-go/retort/internal/sqltext"
)

func TestBuilder(t *testing.T) {
	t.Parallel()

	t.Run("numbers_placeholders_and_quotes_names", func(t *testing.T) {
		t.Parallel()
		var b sqltext.Builder
		b.WriteString("UPDATE ")
		b.Ident(`o"dd`)
		b.WriteString(" SET a = ")
		n := b.Arg()
		b.WriteString(", b = ")
		b.Arg()
		b.WriteString(", c = ")
		b.Literal("it's")
		b.WriteString(" WHERE a <> ")
		b.ArgAgain(n)
		b.WriteString(" RETURNING ")
		b.Idents([]string{"a", "b"}, ", ")
		want := `UPDATE "o""dd" SET a = $1, b = $2, c = 'it''s' WHERE a <> $1 RETURNING "a", "b"`
		if got := b.String(); got != want {
			t.Errorf("String() = %s, want %s", got, want)
		}
		if b.Args() != 2 || b.Len() != len(want) {
			t.Errorf("Args() = %d, Len() = %d, want 2 and %d", b.Args(), b.Len(), len(want))
		}
	})

	t.Run("starts_again_after_reset_and_leaves_earlier_texts_alone", func(t *testing.T) {
		t.Parallel()
		var b sqltext.Builder
		b.WriteString("SELECT ")
		b.Arg()
		first := b.String()
		b.Reset()
		if b.Args() != 0 || b.Len() != 0 || b.String() != "" {
			t.Errorf("after Reset: Args() = %d, Len() = %d, String() = %q", b.Args(), b.Len(), b.String())
		}
		b.WriteString("DELETE!")
		if first != "SELECT $1" {
			t.Errorf("the text taken before Reset became %q", first)
		}
	})

	t.Run("writes_nothing_for_no_names", func(t *testing.T) {
		t.Parallel()
		var b sqltext.Builder
		b.Idents(nil, ", ")
		if b.Len() != 0 {
			t.Errorf("Idents(nil) wrote %q", b.String())
		}
	})
}

func BenchmarkBuilder(b *testing.B) {
	columns := []string{"id", "title", "created_at", "updated_at"}
	var sql sqltext.Builder
	b.ReportAllocs()
	for b.Loop() {
		sql.Reset()
		sql.WriteString("SELECT ")
		sql.Idents(columns, ", ")
		sql.WriteString(" FROM ")
		sql.Ident("books")
		sql.WriteString(" WHERE id = ")
		sql.Arg()
	}
}

package retort_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/retorttest"
)

// Legacy is a table that another program owns.
type Legacy struct {
	retort.BigintKey
	Code   string
	Amount int64
	Extra  string
}

// Define declares what the fields cannot say.
func (Legacy) Define(d *retort.Definition[Legacy]) {
	d.Column(&d.C.Amount).Default("0")
	d.References(&d.C.Code, &Counters.C.Name)
}

// Overview is a view.
type Overview struct {
	Name  string
	Total int64
	Note  *string
}

// Define declares what the fields cannot say.
func (Overview) Define(d *retort.Definition[Overview]) { d.PrimaryKey(&d.C.Name) }

var (
	Legacies  = retort.NewTable[Legacy]("legacy", retort.Unmanaged, retort.InNamespace("old"))
	Overviews = retort.NewTable[Overview]("overview", retort.Unmanaged, retort.ReadOnly)
	inherited = retort.NewBase(Legacies, Overviews, Authors, Books, Events, Counters, Genres)
)

const legacySQL = `CREATE SCHEMA old;
	CREATE DOMAIN old.code AS varchar(9);
	CREATE TABLE old.legacy (id bigserial PRIMARY KEY, code old.code NOT NULL REFERENCES counters, amount integer NOT NULL, extra varchar(20) NOT NULL);
	CREATE VIEW overview AS SELECT name, sum(value)::bigint AS total, NULL::text AS note FROM counters GROUP BY name`

func TestVerify(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		sql  string
		want []string
	}{
		{name: "is_content_with_what_fits"},
		{
			"names_a_missing_table", `DROP TABLE counters CASCADE; CREATE VIEW overview AS SELECT ''::text AS name, 1::bigint AS total, ''::text AS note`,
			[]string{
				"table old.legacy: no foreign key on (code) to counters; add it with a migration, or take it out of the model",
				"table counters: the database has none of this name; create it with a migration or Base.CreateAll, or look at search_path and the name",
			},
		},
		{
			"names_missing_columns", `ALTER TABLE authors DROP COLUMN note; ALTER TABLE old.legacy DROP COLUMN extra`,
			[]string{
				"table old.legacy: column extra: missing in the database; add it with a migration, or take the field out of the model",
				"table authors: column note: missing in the database; add it with a migration, or take the field out of the model",
			},
		},
		{
			"names_other_types", `ALTER TABLE books ALTER pages TYPE bigint, ALTER title TYPE varchar(30), ALTER published TYPE timestamptz;
				ALTER TABLE old.legacy ALTER extra TYPE bytea USING ''::bytea`,
			[]string{
				"table old.legacy: column extra: is bytea in the database and text in the model; change one of the two; Column(…).Type sets the model's",
				"table books: column title: is character varying(30) in the database and text in the model; change one of the two; Column(…).Type sets the model's",
				"table books: column pages: is bigint in the database and integer in the model; change one of the two; Column(…).Type sets the model's",
				"table books: column published: is timestamp with time zone in the database and date in the model; change one of the two; Column(…).Type sets the model's",
			},
		},
		{
			"names_NULL_on_one_side_only", `ALTER TABLE books ALTER title DROP NOT NULL, ALTER subtitle SET NOT NULL`,
			[]string{
				"table books: column title: may be NULL in the database and not in the model; make it NOT NULL with a migration, or the field a pointer",
				"table books: column subtitle: is NOT NULL in the database and may be NULL in the model; drop NOT NULL with a migration, or make the field no pointer",
			},
		},
		{
			"names_columns_that_no_INSERT_fills", `ALTER TABLE events ALTER at DROP DEFAULT, ALTER id DROP IDENTITY; ALTER TABLE old.legacy ADD region text NOT NULL`,
			[]string{
				"table old.legacy: column region: is NOT NULL without a default in the database and not in the model, so that every INSERT fails; add a field or a default",
				"table events: column id: INSERT leaves it to the database, which has no default for it; add the default with a migration, or have the program set it",
				"table events: column at: INSERT leaves it to the database, which has no default for it; add the default with a migration, or have the program set it",
			},
		},
		{
			"names_columns_that_take_no_value", `ALTER TABLE books DROP COLUMN sold, ADD sold bigint NOT NULL GENERATED ALWAYS AS (pages * 2) STORED`,
			[]string{"table books: column sold: the database makes its value and takes none from INSERT; declare it with Column(…).Identity or Generated"},
		},
		{
			"names_missing_rules", `ALTER TABLE authors DROP CONSTRAINT uq_authors_email; CREATE UNIQUE INDEX ON authors (email) WHERE note IS NULL;
				DROP INDEX uq_books_author_id_title; CREATE INDEX uq_books_author_id_title ON books (author_id, title) WHERE in_print;
				ALTER TABLE events DROP CONSTRAINT fk_events_book_id_books, DROP CONSTRAINT pk_events`,
			[]string{
				"table authors: no unique rule on (email); add it with a migration, or take it out of the model",
				"table books: no partial unique index on (author_id, title); add it with a migration, or take it out of the model",
				"table events: no unique rule on the primary key (id); add the primary key with a migration: a session keeps one object for each key",
				"table events: no foreign key on (book_id) to books; add it with a migration, or take it out of the model",
			},
		},
		{
			"takes_the_same_rules_by_other_names_and_means", `ALTER TABLE authors DROP CONSTRAINT uq_authors_email; CREATE UNIQUE INDEX x ON authors (email) INCLUDE (name);
				ALTER TABLE books RENAME CONSTRAINT fk_books_author_id_authors TO y; ALTER TABLE books ADD more text; CREATE INDEX z ON books (more)`,
			nil,
		},
		{
			"names_values_of_enums", `ALTER TYPE genre RENAME VALUE 'poetry' TO 'drama'`,
			[]string{
				"enum genre: the database does not know the value poetry; add it with ALTER TYPE … ADD VALUE",
				"enum genre: the model does not know the value drama; add it to NewEnum, so that the program knows what it may read",
			},
		},
		{
			"names_a_missing_enum", `ALTER TABLE books ALTER genre TYPE text; DROP TYPE genre`,
			[]string{
				"enum genre: the database has no type of this name; create it with a migration or Base.CreateAll, or look at search_path and the name",
				"table books: column genre: the database has no type genre; the column is text there; create the type or its extension with a migration, or correct the model's",
			},
		},
		{
			"names_what_is_no_table", `DROP TABLE counters CASCADE; CREATE SEQUENCE overview; CREATE VIEW counters AS SELECT ''::text AS name, 1::bigint AS value`,
			[]string{
				"table old.legacy: no foreign key on (code) to counters; add it with a migration, or take it out of the model",
				"table overview: the database has a sequence of this name; rename one of the two",
				"table counters: it is a view; declare it with retort.Unmanaged, and retort.ReadOnly where it takes no changes",
			},
		},
		{
			"looks_into_views", `DROP VIEW overview; CREATE VIEW overview AS SELECT name, now() AS total FROM counters`,
			[]string{
				"table overview: column total: is timestamp with time zone in the database and bigint in the model; change one of the two; Column(…).Type sets the model's",
				"table overview: column note: missing in the database; add it with a migration, or take the field out of the model",
			},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			k := retorttest.New(t, library)
			k.Exec(t, legacySQL)
			if tt.sql != "" {
				k.Exec(t, tt.sql)
			}
			// It needs no right to write.
			eng, err := retort.Open(retort.Config{Base: inherited, URL: k.URL() + "&options=-c%20default_transaction_read_only%3Don"})
			must(t, err)
			defer eng.Close(context.Background())
			err = eng.Verify(t.Context())
			if tt.want == nil {
				must(t, err)
				return
			}
			found, ok := errors.AsType[*retort.VerifyError](err)
			if !ok {
				t.Fatalf("error %v", err)
			}
			var got []string
			for _, m := range found.Mismatches {
				got = append(got, m.String())
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			head, rest, _ := strings.Cut(err.Error(), "\n")
			if !strings.HasPrefix(head, "retort: Verify: the database does not fit the models in ") || rest != strings.Join(got, "\n") {
				t.Errorf("it reads:\n%v", err)
			}
		})
	}
}

func TestVerify_of(t *testing.T) {
	t.Parallel()
	t.Run("no_models_asks_nothing", func(t *testing.T) {
		t.Parallel()
		b := retorttest.New(t, retort.NewBase())
		must(t, b.Engine.Verify(t.Context()))
	})
	t.Run("names_with_quotes_and_two_schemas", func(t *testing.T) {
		t.Parallel()
		type row struct{ retort.UUIDKey }
		odd := retort.NewTable[row](`o"d'd €`, retort.InNamespace(`x"y`))
		b := retorttest.New(t, retort.NewBase(odd, retort.NewEnum(`e"n'um`, Genre("it's"))))
		must(t, b.Engine.Verify(t.Context()))
		b.Exec(t, `ALTER TYPE "e""n'um" RENAME VALUE 'it''s' TO 'other'; DROP TABLE "x""y"."o""d'd €"`)
		found, ok := errors.AsType[*retort.VerifyError](b.Engine.Verify(t.Context()))
		if !ok || len(found.Mismatches) != 3 {
			t.Errorf("%v", found)
		}
	})
	t.Run("an_ended_context_and_a_server_that_is_away_say_so", func(t *testing.T) {
		t.Parallel()
		k := retorttest.New(t, library)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := k.Engine.Verify(ctx); !errors.Is(err, context.Canceled) {
			t.Errorf("error %v", err)
		}
		k.Refuse(true)
		var found *retort.VerifyError
		if err := k.Engine.Verify(t.Context()); err == nil || errors.As(err, &found) {
			t.Errorf("error %v", err)
		}
	})
	t.Run("every_type_of_the_tests_models_gives_its_connection_back", func(t *testing.T) {
		t.Parallel()
		b := newBench(t)
		must(t, b.Engine.Verify(t.Context()))
		b.idle(t)
	})
}

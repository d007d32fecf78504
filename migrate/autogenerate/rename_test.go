package autogenerate_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/retort-go/retort/migrate/autogenerate"
	"github.com/retort-go/retort/migrate/catalog"
)

// TestRenamesOfAmbiguousNames: a hint renames what it names and nothing else, however
// often the same word stands beside it as a type, a function, a table, a column.
func TestRenamesOfAmbiguousNames(t *testing.T) {
	t.Parallel()
	renaming := func(kind catalog.Kind, table, from, to string) []autogenerate.Renaming {
		return []autogenerate.Renaming{{Kind: kind, Table: table, From: from, To: to}}
	}
	for _, test := range []struct {
		name, before, after string
		renames             []autogenerate.Renaming
		want                string
	}{
		{
			"column gets the name of a keyword",
			`CREATE TABLE t (id int, sort int CHECK (sort > 1), "user" int UNIQUE); CREATE INDEX ti ON t (sort) WHERE sort > 5`,
			`CREATE TABLE t (id int, "order" int CONSTRAINT t_sort_check CHECK ("order" > 1), "user" int UNIQUE); CREATE INDEX ti ON t ("order") WHERE "order" > 5`,
			renaming(catalog.KindColumn, "t", "sort", "order"), "rename column t.order from sort\n",
		},
		{
			"column loses the name of a keyword",
			`CREATE TABLE t (id int, "order" int CHECK ("order" > 1)); CREATE INDEX ti ON t ("order" DESC) INCLUDE (id)`,
			`CREATE TABLE t (id int, sort int CONSTRAINT t_order_check CHECK (sort > 1)); CREATE INDEX ti ON t (sort DESC) INCLUDE (id)`,
			renaming(catalog.KindColumn, "t", "order", "sort"), "rename column t.sort from order\n",
		},
		{
			"column of the name of its type",
			`CREATE TABLE t (id int, date date CHECK (date > '2020-01-01'::date)); CREATE FUNCTION f(date) RETURNS date LANGUAGE sql AS 'SELECT $1'; CREATE TABLE u (date date)`,
			`CREATE TABLE t (id int, day date CONSTRAINT t_date_check CHECK (day > '2020-01-01'::date)); CREATE FUNCTION f(date) RETURNS date LANGUAGE sql AS 'SELECT $1'; CREATE TABLE u (date date)`,
			renaming(catalog.KindColumn, "t", "date", "day"), "rename column t.day from date\n",
		},
		{
			"column of the name of a function",
			`CREATE TABLE t (lower text CHECK (lower(lower) = lower)); CREATE INDEX ti ON t (lower(lower))`,
			`CREATE TABLE t (low text CONSTRAINT t_lower_check CHECK (lower(low) = low)); CREATE INDEX ti ON t (lower(low))`,
			renaming(catalog.KindColumn, "t", "lower", "low"), "rename column t.low from lower\n",
		},
		{
			"column of the name of the table that it refers to",
			`CREATE TABLE author (id int primary key); CREATE TABLE book (author int references author, k int, UNIQUE (author, k), FOREIGN KEY (author, k) REFERENCES book (author, k))`,
			`CREATE TABLE author (id int primary key); CREATE TABLE book (writer int CONSTRAINT book_author_fkey references author, k int, CONSTRAINT book_author_k_key UNIQUE (writer, k), CONSTRAINT book_author_k_fkey FOREIGN KEY (writer, k) REFERENCES book (writer, k))`,
			renaming(catalog.KindColumn, "book", "author", "writer"), "rename column book.writer from author\n",
		},
		{
			"table of the name of a column",
			`CREATE TABLE author (id int primary key, author text CHECK (author <> '')); CREATE TABLE book (author int references author); CREATE INDEX bi ON book (author) WHERE author > 1; CREATE VIEW v AS SELECT b.author, a.id FROM book b JOIN author a ON a.id = b.author`,
			`CREATE TABLE writer (id int CONSTRAINT author_pkey primary key, author text CONSTRAINT author_author_check CHECK (author <> '')); CREATE TABLE book (author int references writer); CREATE INDEX bi ON book (author) WHERE author > 1; CREATE VIEW v AS SELECT b.author, a.id FROM book b JOIN writer a ON a.id = b.author`,
			renaming(catalog.KindTable, "", "author", "writer"), "rename table writer from author\n",
		},
		{
			"type of the name of a column",
			`CREATE TYPE mood AS ENUM ('a', 'b'); CREATE TABLE t (mood mood DEFAULT 'a' CHECK (mood <> 'b'), moods mood[]); CREATE INDEX ti ON t (mood) WHERE mood = 'a'; CREATE VIEW v AS SELECT t.mood FROM t WHERE t.mood = 'a'; CREATE FUNCTION f(mood) RETURNS SETOF mood LANGUAGE sql AS 'SELECT $1'`,
			`CREATE TYPE "Mood" AS ENUM ('a', 'b'); CREATE TABLE t (mood "Mood" DEFAULT 'a' CHECK (mood <> 'b'), moods "Mood"[]); CREATE INDEX ti ON t (mood) WHERE mood = 'a'; CREATE VIEW v AS SELECT t.mood FROM t WHERE t.mood = 'a'; CREATE FUNCTION f("Mood") RETURNS SETOF "Mood" LANGUAGE sql AS 'SELECT $1'`,
			renaming(catalog.KindType, "", "mood", "Mood"), "rename type Mood from mood\n",
		},
		{
			"views of other tables, and of the old name of an output column",
			`CREATE TABLE t (name text, n int); CREATE TABLE u (name text); CREATE VIEW v AS SELECT name, n, name AS title FROM t UNION ALL SELECT 'x', 1, name FROM t WHERE name > '' ORDER BY 1; CREATE VIEW w AS SELECT name FROM u; CREATE VIEW x AS SELECT name FROM v`,
			`CREATE TABLE t (title text, n int); CREATE TABLE u (name text); CREATE VIEW v AS SELECT title AS name, n, title FROM t UNION ALL SELECT 'x', 1, title AS name FROM t WHERE title > '' ORDER BY 1; CREATE VIEW w AS SELECT name FROM u; CREATE VIEW x AS SELECT name FROM v`,
			renaming(catalog.KindColumn, "t", "name", "title"), "rename column t.title from name\n",
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			db, models := newDatabase(t, test.before), newDatabase(t, test.after)
			before, after := db.read(t), models.read(t)
			opts := autogenerate.Options{DropUnclaimed: true, Renames: test.renames}
			differences := compare(t, before, after, opts)
			if diff := cmp.Diff(test.want, list(differences)); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
			plan := autogenerate.Build(before, after, differences)
			db.apply(t, plan.Up)
			if left := compare(t, db.read(t), after, everything); len(left) > 0 {
				t.Errorf("up leaves\n%s", list(left))
			}
			db.apply(t, plan.Down)
			if left := compare(t, db.read(t), before, everything); len(left) > 0 {
				t.Errorf("down leaves\n%s", list(left))
			}
		})
	}
}

// TestUnclaimedPartsOfARenamedColumn: a view and a policy that nobody claims come
// back as they were when the column below them gets another name and type.
func TestUnclaimedPartsOfARenamedColumn(t *testing.T) {
	t.Parallel()
	db := newDatabase(t, `CREATE TABLE t (id int, sort int, n int); CREATE VIEW v AS SELECT sort, n FROM t; CREATE POLICY p ON t USING (sort > n)`)
	models := newDatabase(t, `CREATE TABLE t (id int, "order" bigint, n bigint)`)
	before, after := db.read(t), models.read(t)
	opts := autogenerate.Options{Renames: []autogenerate.Renaming{{Kind: catalog.KindColumn, Table: "t", From: "sort", To: "order"}}}
	plan := autogenerate.Build(before, after, compare(t, before, after, opts))
	db.apply(t, plan.Up)
	db.Exec(t, "SELECT sort, n FROM v")
	db.apply(t, plan.Down)
	if left := compare(t, db.read(t), before, everything); len(left) > 0 {
		t.Errorf("down leaves\n%s", list(left))
	}
}

// TestWayBackOfARenamedEnum: labels that came with a new name of the type go with it.
func TestWayBackOfARenamedEnum(t *testing.T) {
	t.Parallel()
	db := newDatabase(t, `CREATE TYPE mood AS ENUM ('a', 'b'); CREATE TABLE t (m mood)`)
	models := newDatabase(t, `CREATE TYPE feeling AS ENUM ('a', 'b', 'c'); CREATE TABLE t (m feeling)`)
	before, after := db.read(t), models.read(t)
	opts := autogenerate.Options{Renames: []autogenerate.Renaming{{Kind: catalog.KindType, From: "mood", To: "feeling"}}}
	plan := autogenerate.Build(before, after, compare(t, before, after, opts))
	db.apply(t, plan.Up)
	db.apply(t, plan.Down)
	if left := compare(t, db.read(t), before, everything); len(left) > 0 {
		t.Errorf("down leaves\n%s", list(left))
	}
}

-- update_touches_version_and_updated_at
BEGIN;
/* retort:update.exec */ UPDATE "authors"
SET "name" = $1, "note" = NULL, "updated_at" = now(), "version" = "authors"."version" + 1
WHERE "name" = $2;

-- update_by_expressions_gives_back_columns
BEGIN;
/* retort:update.returning */ UPDATE "books"
SET "pages" = ("pages" + $1), "subtitle" = $2
WHERE "pages" > $3
RETURNING "title" AS "title", "pages" AS "pages";

-- update_of_all_rows_says_so
BEGIN;
/* retort:update.exec print-all */ UPDATE "books"
SET "in_print" = $1;

-- update_from_another_table
BEGIN;
/* retort:update.exec */ UPDATE "authors"
SET "name" = "books"."title", "updated_at" = now(), "version" = "authors"."version" + 1
FROM "books"
WHERE ("books"."author_id" = "authors"."id") AND "books"."pages" = $1;

-- update_where_a_subquery_holds
BEGIN;
/* retort:update.exec */ UPDATE "authors"
SET "name" = $1, "updated_at" = now(), "version" = "authors"."version" + 1
WHERE NOT (EXISTS (SELECT 1
FROM "books"
WHERE ("books"."author_id" = "authors"."id")));

-- delete
BEGIN;
/* retort:delete.exec */ DELETE FROM "books"
WHERE "pages" < $1;

-- delete_using_another_table_gives_back_columns
BEGIN;
/* retort:delete.returning */ DELETE FROM "books"
USING "authors"
WHERE ("books"."author_id" = "authors"."id") AND "authors"."name" = $1
RETURNING "authors"."name" AS "title", "books"."pages" AS "pages";

-- insert_does_nothing_on_conflict
BEGIN;
/* retort:insert.exec */ INSERT INTO "authors" ("id", "name", "email", "note")
VALUES ($1, $2, $3, $4), ($5, $6, $7, $8)
ON CONFLICT ("email")
DO NOTHING;

-- insert_updates_on_conflict
BEGIN;
/* retort:insert.rows */ INSERT INTO "authors" ("id", "name", "email", "note")
VALUES ($1, $2, $3, $4)
ON CONFLICT ("email")
DO UPDATE SET "name" = excluded."name", "updated_at" = now(), "version" = "authors"."version" + 1
WHERE "authors"."name" <> $5
RETURNING "authors"."id", "authors"."created_at", "authors"."updated_at", "authors"."version", "authors"."name", "authors"."email", "authors"."note";

-- upsert_sets_everything
BEGIN;
/* retort:insert.rows */ INSERT INTO "authors" ("id", "name", "email", "note")
VALUES ($1, $2, $3, $4)
ON CONFLICT ("email")
DO UPDATE SET "name" = excluded."name", "note" = excluded."note", "updated_at" = now(), "version" = "authors"."version" + 1
RETURNING "authors"."id", "authors"."created_at", "authors"."updated_at", "authors"."version", "authors"."name", "authors"."email", "authors"."note";

-- upsert_by_the_primary_key
BEGIN;
/* retort:insert.exec */ INSERT INTO "counters" ("name", "value")
VALUES ($1, $2), ($3, $4)
ON CONFLICT ("name")
DO UPDATE SET "value" = excluded."value";
/* retort:insert.rows */ INSERT INTO "counters" ("name", "value")
VALUES ($1, $2)
ON CONFLICT ("name")
DO UPDATE SET "value" = ("counters"."value" + excluded."value")
RETURNING "counters"."name", "counters"."value";

-- conflict_with_a_partial_index
BEGIN;
/* retort:insert.exec */ INSERT INTO "books" ("id", "author_id", "title", "genre", "pages", "sold", "rank", "price", "weight", "in_print", "cover", "tags", "extra", "published", "seen_at", "subtitle")
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)
ON CONFLICT ("author_id", "title")
WHERE "in_print"
DO NOTHING;

-- insert_from_a_query
BEGIN;
/* retort:insert.exec */ INSERT INTO "events" ("book_id", "what")
SELECT "books"."id", concat(("books"."title")::text, ($1)::text)
FROM "books"
WHERE "books"."pages" > $2;

-- insert_from_the_table_itself
BEGIN;
/* retort:insert.exec */ INSERT INTO "counters" ("name", "value")
SELECT "counters"."name", "counters"."value"
FROM "counters"
WHERE "counters"."name" = $1;

-- a_cte_that_writes
BEGIN;
/* retort:select.all */ WITH "gone" AS (
DELETE FROM "books"
WHERE "books"."pages" < $1
RETURNING "books"."title" AS "title", "books"."pages" AS "pages"
)
SELECT coalesce(sum("gone"."pages"), $2)
FROM "gone";


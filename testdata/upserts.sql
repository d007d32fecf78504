-- update_all_by_a_partial_unique_index
BEGIN;
/* retort:insert.rows */ INSERT INTO "books" ("id", "author_id", "title", "genre", "pages", "sold", "rank", "price", "weight", "in_print", "cover", "tags", "extra", "published", "seen_at", "subtitle")
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16), ($17, $18, $19, $20, $21, $22, $23, $24, $25, $26, $27, $28, $29, $30, $31, $32)
ON CONFLICT ("author_id", "title")
WHERE "in_print"
DO UPDATE SET "genre" = excluded."genre", "pages" = excluded."pages", "sold" = excluded."sold", "rank" = excluded."rank", "price" = excluded."price", "weight" = excluded."weight", "in_print" = excluded."in_print", "cover" = excluded."cover", "tags" = excluded."tags", "extra" = excluded."extra", "published" = excluded."published", "seen_at" = excluded."seen_at", "subtitle" = excluded."subtitle"
RETURNING "books"."id", "books"."author_id", "books"."title", "books"."genre", "books"."pages", "books"."sold", "books"."rank", "books"."price", "books"."weight", "books"."in_print", "books"."cover", "books"."tags", "books"."extra", "books"."published", "books"."seen_at", "books"."subtitle";

-- update_all_but_one_differently
BEGIN;
/* retort:insert.rows */ INSERT INTO "books" ("id", "author_id", "title", "genre", "pages", "sold", "rank", "price", "weight", "in_print", "cover", "tags", "extra", "published", "seen_at", "subtitle")
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)
ON CONFLICT ("author_id", "title")
WHERE "in_print"
DO UPDATE SET "pages" = greatest("books"."pages", excluded."pages"), "genre" = excluded."genre", "sold" = excluded."sold", "rank" = excluded."rank", "price" = excluded."price", "weight" = excluded."weight", "in_print" = excluded."in_print", "cover" = excluded."cover", "tags" = excluded."tags", "extra" = excluded."extra", "published" = excluded."published", "seen_at" = excluded."seen_at", "subtitle" = excluded."subtitle"
RETURNING "books"."id", "books"."author_id", "books"."title", "books"."genre", "books"."pages", "books"."sold", "books"."rank", "books"."price", "books"."weight", "books"."in_print", "books"."cover", "books"."tags", "books"."extra", "books"."published", "books"."seen_at", "books"."subtitle";

-- update_all_where_it_differs
BEGIN;
/* retort:insert.rows */ INSERT INTO "books" ("id", "author_id", "title", "genre", "pages", "sold", "rank", "price", "weight", "in_print", "cover", "tags", "extra", "published", "seen_at", "subtitle")
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)
ON CONFLICT ("author_id", "title")
WHERE "in_print"
DO UPDATE SET "genre" = excluded."genre", "pages" = excluded."pages", "sold" = excluded."sold", "rank" = excluded."rank", "price" = excluded."price", "weight" = excluded."weight", "in_print" = excluded."in_print", "cover" = excluded."cover", "tags" = excluded."tags", "extra" = excluded."extra", "published" = excluded."published", "seen_at" = excluded."seen_at", "subtitle" = excluded."subtitle"
WHERE ("books"."pages" <> excluded."pages")
RETURNING "books"."id", "books"."author_id", "books"."title", "books"."genre", "books"."pages", "books"."sold", "books"."rank", "books"."price", "books"."weight", "books"."in_print", "books"."cover", "books"."tags", "books"."extra", "books"."published", "books"."seen_at", "books"."subtitle";

-- update_all_of_what_a_query_inserts
BEGIN;
/* retort:insert.exec */ INSERT INTO "counters" ("name", "value")
VALUES ($1, $2);
/* retort:insert.rows */ INSERT INTO "counters" ("name", "value")
SELECT "authors"."name", $1
FROM "authors"
WHERE "authors"."name" = $2
ON CONFLICT ("name")
DO UPDATE SET "value" = excluded."value"
RETURNING "counters"."name", "counters"."value";

-- count_up
BEGIN;
/* retort:insert.exec */ INSERT INTO "counters" ("name", "value")
VALUES ($1, $2)
ON CONFLICT ("name")
DO UPDATE SET "value" = ("counters"."value" + $3);
/* retort:insert.rows */ INSERT INTO "counters" ("name", "value")
VALUES ($1, $2)
ON CONFLICT ("name")
DO UPDATE SET "value" = ("counters"."value" + $3)
RETURNING "counters"."name", "counters"."value";

-- increment
BEGIN;
/* retort:update.exec */ UPDATE "books"
SET "pages" = ("pages" + $1), "rank" = ("rank" + $2)
WHERE "pages" > $3;

-- get_or_create_gets
BEGIN;
/* retort:insert.get */ INSERT INTO "authors" ("id", "name", "email", "note")
VALUES ($1, $2, $3, $4)
ON CONFLICT ("email")
DO NOTHING
RETURNING "id", "created_at", "updated_at", "version", "name", "email", "note";
/* retort:query.get */ SELECT "id", "created_at", "updated_at", "version", "name", "email", "note"
FROM "authors"
WHERE "email" = $1
LIMIT 1;

-- get_or_create_creates
BEGIN;
/* retort:insert.get */ INSERT INTO "authors" ("id", "name", "email", "note")
VALUES ($1, $2, $3, $4)
ON CONFLICT ("email")
DO NOTHING
RETURNING "id", "created_at", "updated_at", "version", "name", "email", "note";
/* retort:query.get */ SELECT "id", "created_at", "updated_at", "version", "name", "email", "note"
FROM "authors"
WHERE "email" = $1
LIMIT 1;

-- get_or_create_by_a_partial_unique_index
BEGIN;
/* retort:insert.get */ INSERT INTO "books" ("id", "author_id", "title", "genre", "pages", "sold", "rank", "price", "weight", "in_print", "cover", "tags", "extra", "published", "seen_at", "subtitle")
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)
ON CONFLICT ("author_id", "title")
WHERE "in_print"
DO NOTHING
RETURNING "id", "author_id", "title", "genre", "pages", "sold", "rank", "price", "weight", "in_print", "cover", "tags", "extra", "published", "seen_at", "subtitle";
/* retort:query.get */ SELECT "id", "author_id", "title", "genre", "pages", "sold", "rank", "price", "weight", "in_print", "cover", "tags", "extra", "published", "seen_at", "subtitle"
FROM "books"
WHERE "in_print" AND "author_id" = $1 AND "title" = $2
LIMIT 1;


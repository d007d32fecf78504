-- group_by_with_aggregates
/* retort:select.all */ SELECT "books"."genre" AS "genre", count(*) AS "n", sum("books"."pages") AS "pages", avg(("books"."pages")::float8) AS "mean", max("books"."pages") AS "most"
FROM "books"
GROUP BY "books"."genre"
ORDER BY "books"."genre";

-- having
/* retort:select.all */ SELECT "books"."genre"
FROM "books"
GROUP BY "books"."genre"
HAVING (count(*) > $1) AND (sum("books"."pages") >= $2);

-- aggregates_with_filter
/* retort:select.all */ SELECT count(*) FILTER (WHERE ("books"."pages" >= $1)) AS "long", coalesce(sum("books"."pages") FILTER (WHERE ("books"."pages" < $2)), $3) AS "short"
FROM "books";

-- every_aggregate
/* retort:select.one */ SELECT count("books"."rank") AS "rank", count(DISTINCT "books"."genre") AS "genres", bool_and("books"."in_print") AS "all", bool_or("books"."in_print") AS "one", string_agg(("books"."title")::text, ($1)::text ORDER BY "books"."title" DESC) AS "titles", array_agg("books"."pages" ORDER BY "books"."pages") AS "list", min("books"."title") AS "least", sum("books"."price") AS "price"
FROM "books"
LIMIT 2;

-- single_values
/* retort:select.all */ SELECT upper(("authors"."name")::text)
FROM "authors"
ORDER BY "authors"."name";

-- a_nullable_value_into_a_pointer
/* retort:select.all */ SELECT "authors"."note"
FROM "authors"
ORDER BY "authors"."name";

-- coalesce_ends_NULL
/* retort:select.all */ SELECT coalesce("authors"."note", $1)
FROM "authors"
ORDER BY "authors"."name";

-- distinct
/* retort:select.all */ SELECT DISTINCT "books"."genre"
FROM "books"
ORDER BY "books"."genre";

-- distinct_on
/* retort:query.all */ SELECT DISTINCT ON ("author_id") "id", "author_id", "title", "genre", "pages", "sold", "rank", "price", "weight", "in_print", "cover", "tags", "extra", "published", "seen_at", "subtitle"
FROM "books"
WHERE "author_id" = $1
ORDER BY "author_id", "pages" DESC;

-- count_of_distinct
/* retort:query.count */ SELECT count(*) FROM (SELECT DISTINCT ON ("genre") "id", "author_id", "title", "genre", "pages", "sold", "rank", "price", "weight", "in_print", "cover", "tags", "extra", "published", "seen_at", "subtitle"
FROM "books"
ORDER BY "genre") AS counted;

-- window_functions
/* retort:select.all */ SELECT "books"."title" AS "title", row_number() OVER (PARTITION BY "books"."author_id" ORDER BY "books"."pages") AS "n", rank() OVER (PARTITION BY "books"."author_id" ORDER BY "books"."pages") AS "r", dense_rank() OVER (PARTITION BY "books"."author_id" ORDER BY "books"."pages") AS "d", ntile($1) OVER (PARTITION BY "books"."author_id" ORDER BY "books"."pages") AS "tile", lag("books"."pages", $2) OVER (PARTITION BY "books"."author_id" ORDER BY "books"."pages") AS "before", lead("books"."pages", $3) OVER (PARTITION BY "books"."author_id" ORDER BY "books"."pages") AS "next", first_value("books"."pages") OVER (PARTITION BY "books"."author_id" ORDER BY "books"."pages") AS "first", last_value("books"."pages") OVER (PARTITION BY "books"."author_id" ORDER BY "books"."pages") AS "last", sum("books"."pages") OVER (PARTITION BY "books"."author_id" ORDER BY "books"."pages") AS "sum"
FROM "books"
WHERE "books"."author_id" = $4
ORDER BY "books"."title";

-- window_with_a_frame
/* retort:select.all */ SELECT coalesce(sum("books"."pages") OVER (ORDER BY "books"."title", "books"."id" ROWS BETWEEN 1 PRECEDING AND CURRENT ROW), $1)
FROM "books"
ORDER BY "books"."title", "books"."pages";

-- subquery_as_a_source
/* retort:select.all */ SELECT "ranked"."title" AS "title", "ranked"."place" AS "place"
FROM (SELECT "books"."title" AS "title", row_number() OVER (ORDER BY "books"."pages" DESC) AS "place"
FROM "books") AS "ranked"
WHERE "ranked"."place" = $1;

-- an_enum_keeps_its_type_through_a_subquery
/* retort:select.all */ SELECT "g"."n"
FROM (SELECT "books"."genre" AS "genre", count(*) AS "n", sum("books"."pages") AS "pages", avg(("books"."pages")::float8) AS "mean", max("books"."pages") AS "most"
FROM "books"
GROUP BY "books"."genre"
ORDER BY "books"."genre") AS "g"
WHERE "g"."genre" = $1 AND "g"."genre" = ANY($2::text[]::"genre"[]) AND "g"."genre"::text LIKE $3 AND "g"."n" = ANY($4) AND "g"."mean" > $5;

-- scalar_subquery
/* retort:select.all */ SELECT coalesce((SELECT count(*)
FROM "books"
WHERE ("books"."author_id" = "authors"."id")), $1)
FROM "authors"
WHERE ((SELECT count(*)
FROM "books"
WHERE ("books"."author_id" = "authors"."id")) > $2)
ORDER BY (SELECT count(*)
FROM "books"
WHERE ("books"."author_id" = "authors"."id")) DESC;

-- exists
/* retort:query.all */ SELECT "id", "created_at", "updated_at", "version", "name", "email", "note"
FROM "authors"
WHERE NOT (EXISTS (SELECT 1
FROM "books"
WHERE ("books"."author_id" = "authors"."id")));

-- in_a_query
/* retort:query.all */ SELECT "id", "created_at", "updated_at", "version", "name", "email", "note"
FROM "authors"
WHERE "id" IN (SELECT "books"."author_id"
FROM "books"
WHERE "books"."pages" = $1);

-- union
/* retort:select.all */ (SELECT "authors"."name" AS "text"
FROM "authors")
UNION
(SELECT "books"."title" AS "text"
FROM "books")
ORDER BY "text" DESC
LIMIT 3;

-- the_other_set_operations
/* retort:select.all */ (SELECT "books"."title"
FROM "books")
UNION ALL
(SELECT "books"."title"
FROM "books"
WHERE "books"."pages" > $1);
/* retort:select.all */ (SELECT "books"."title"
FROM "books")
INTERSECT
(SELECT "books"."title"
FROM "books"
WHERE "books"."pages" > $1);
/* retort:select.all */ (SELECT "books"."title"
FROM "books")
INTERSECT ALL
(SELECT "books"."title"
FROM "books");
/* retort:select.all */ (SELECT "books"."title"
FROM "books")
EXCEPT
(SELECT "books"."title"
FROM "books"
WHERE "books"."pages" > $1);
/* retort:select.all */ (SELECT "books"."title"
FROM "books")
EXCEPT ALL
(SELECT "books"."title"
FROM "books"
WHERE "books"."pages" > $1);

-- cte_is_written_once
/* retort:select.all */ WITH "per genre" AS (
SELECT "books"."genre" AS "genre", count(*) AS "n", sum("books"."pages") AS "pages", avg(("books"."pages")::float8) AS "mean", max("books"."pages") AS "most"
FROM "books"
GROUP BY "books"."genre"
ORDER BY "books"."genre"
)
SELECT "per genre"."genre"
FROM "per genre"
WHERE ("per genre"."n" = (SELECT max("per genre"."n")
FROM "per genre"));

-- recursive_cte
/* retort:select.all */ WITH RECURSIVE "numbers" AS (
(SELECT ($1)::integer AS "n"
FROM "authors"
WHERE "authors"."name" = $2)
UNION
(SELECT ("numbers"."n" + $3) AS "n"
FROM "numbers"
WHERE "numbers"."n" < $4)
)
SELECT "numbers"."n"
FROM "numbers"
ORDER BY "numbers"."n";

-- own_sql_as_a_source
/* retort:select.all */ SELECT "sizes"."from" AS "from", coalesce("sizes"."name", $3) AS "name", count("books"."id") AS "books"
FROM (SELECT n AS "from", CASE n WHEN 0 THEN 'thin' END AS name FROM generate_series($1::int, 200, $2) AS n -- all
) AS "sizes"
LEFT JOIN "books" ON ("books"."pages" >= "sizes"."from")
GROUP BY "sizes"."from", "sizes"."name"
ORDER BY "sizes"."from";

-- own_sql_that_names_the_tables_around_it
/* retort:select.all */ SELECT "longest"."pages"
FROM "authors"
JOIN LATERAL (SELECT max(pages) AS pages FROM books WHERE author_id = "authors"."id" HAVING count(*) > 0) AS "longest" ON true
ORDER BY "authors"."name";

-- own_sql_that_is_compared
/* retort:select.all */ SELECT "authors"."name"
FROM "authors"
WHERE (SELECT (count(*))::integer
FROM "books"
WHERE ("books"."author_id" = "authors"."id")) IN (SELECT $1::int) AND EXISTS (SELECT $2::int) AND ((SELECT (count(*))::integer
FROM "books"
WHERE ("books"."author_id" = "authors"."id")) = (SELECT $3::int));

-- own_sql_that_writes
BEGIN;
/* retort:select.all */ WITH "gone" AS (
DELETE FROM books RETURNING title
)
SELECT "gone"."title"
FROM "gone"
ORDER BY "gone"."title";

-- join_of_a_subquery
/* retort:query.all */ SELECT "authors"."id", "authors"."created_at", "authors"."updated_at", "authors"."version", "authors"."name", "authors"."email", "authors"."note"
FROM "authors"
JOIN (SELECT "books"."author_id" AS "author_id", count(*) AS "n"
FROM "books"
GROUP BY "books"."author_id") AS "counts" ON ("counts"."author_id" = "authors"."id")
ORDER BY "counts"."n" DESC;


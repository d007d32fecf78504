-- comparisons_of_an_expression
/* retort:query.all */ SELECT "id", "author_id", "title", "genre", "pages", "sold", "rank", "price", "weight", "in_print", "cover", "tags", "extra", "published", "seen_at", "subtitle"
FROM "books"
WHERE (("pages" = $1) AND ("pages" <> $2) AND ("pages" > $3) AND ("pages" >= $4) AND ("pages" < $5) AND ("pages" <= $6))
ORDER BY "pages", "title";

-- between_and_in
/* retort:query.all */ SELECT "id", "author_id", "title", "genre", "pages", "sold", "rank", "price", "weight", "in_print", "cover", "tags", "extra", "published", "seen_at", "subtitle"
FROM "books"
WHERE ((("pages" >= $1) AND ("pages" <= $2)) AND "pages" = ANY($3) AND "title" = ANY($4))
ORDER BY "pages", "title";

-- comparisons_of_two_columns
/* retort:query.all */ SELECT "id", "author_id", "title", "genre", "pages", "sold", "rank", "price", "weight", "in_print", "cover", "tags", "extra", "published", "seen_at", "subtitle"
FROM "books"
WHERE (("pages" <> "pages") AND ("pages" < "pages") AND ("pages" >= "pages") AND ("pages" <= "pages"))
ORDER BY "pages", "title";

-- comparisons_of_two_expressions
/* retort:query.all */ SELECT "id", "author_id", "title", "genre", "pages", "sold", "rank", "price", "weight", "in_print", "cover", "tags", "extra", "published", "seen_at", "subtitle"
FROM "books"
WHERE (("pages" <> "pages") OR ("pages" < "pages") OR (("pages" <= "pages") AND ("pages" >= "pages") AND ("pages" > ("pages" - $1))))
ORDER BY "pages", "title";

-- distinct_from
/* retort:query.all */ SELECT "id", "author_id", "title", "genre", "pages", "sold", "rank", "price", "weight", "in_print", "cover", "tags", "extra", "published", "seen_at", "subtitle"
FROM "books"
WHERE ("rank" IS DISTINCT FROM "rank")
ORDER BY "pages", "title";

-- null
/* retort:query.all */ SELECT "id", "author_id", "title", "genre", "pages", "sold", "rank", "price", "weight", "in_print", "cover", "tags", "extra", "published", "seen_at", "subtitle"
FROM "books"
WHERE (("rank") IS NULL AND ("title") IS NOT NULL)
ORDER BY "pages", "title";

-- arithmetic
/* retort:query.all */ SELECT "id", "author_id", "title", "genre", "pages", "sold", "rank", "price", "weight", "in_print", "cover", "tags", "extra", "published", "seen_at", "subtitle"
FROM "books"
WHERE (((((("pages" + $1) * "pages") - "pages") / $2) % $3) >= $4)
ORDER BY "pages", "title";

-- text_functions
/* retort:query.all */ SELECT "id", "author_id", "title", "genre", "pages", "sold", "rank", "price", "weight", "in_print", "cover", "tags", "extra", "published", "seen_at", "subtitle"
FROM "books"
WHERE ((lower(("title")::text) = $1) AND (upper(("title")::text) = $2) AND (btrim(("title")::text) = $3) AND (char_length(("title")::text) = $4) AND (concat(("title")::text, ($5)::text) = $6))
ORDER BY "pages", "title";

-- text_functions_of_an_enum
/* retort:query.all */ SELECT "id", "author_id", "title", "genre", "pages", "sold", "rank", "price", "weight", "in_print", "cover", "tags", "extra", "published", "seen_at", "subtitle"
FROM "books"
WHERE (upper(("genre")::text) = $1)
ORDER BY "pages", "title";

-- time_functions
/* retort:query.all */ SELECT "id", "author_id", "title", "genre", "pages", "sold", "rank", "price", "weight", "in_print", "cover", "tags", "extra", "published", "seen_at", "subtitle"
FROM "books"
WHERE (("seen_at" < now()) AND ("seen_at" < (now() - ($1 * interval '1 microsecond'))) AND ("seen_at" < (now() + ($2 * interval '1 microsecond'))) AND (clock_timestamp() >= now()) AND (("seen_at" + ($3 * interval '1 microsecond')) > $4) AND (date_trunc(($5)::text, "seen_at", ($6)::text) = $7))
ORDER BY "pages", "title";

-- null_if_greatest_and_least
/* retort:query.all */ SELECT "id", "author_id", "title", "genre", "pages", "sold", "rank", "price", "weight", "in_print", "cover", "tags", "extra", "published", "seen_at", "subtitle"
FROM "books"
WHERE ((nullif("title", $1)) IS NULL AND (greatest("pages", $2) = $3) AND (least("pages", $4) = $5) AND (coalesce("subtitle", "title") = $6))
ORDER BY "pages", "title";

-- case
/* retort:query.all */ SELECT "id", "author_id", "title", "genre", "pages", "sold", "rank", "price", "weight", "in_print", "cover", "tags", "extra", "published", "seen_at", "subtitle"
FROM "books"
WHERE (CASE WHEN ("pages" > $1) THEN $2 WHEN ("pages" > $3) THEN $4 ELSE $5 END = $6)
ORDER BY "pages", "title";

-- case_without_else
/* retort:query.all */ SELECT "id", "author_id", "title", "genre", "pages", "sold", "rank", "price", "weight", "in_print", "cover", "tags", "extra", "published", "seen_at", "subtitle"
FROM "books"
WHERE (CASE WHEN ("pages" > $1) THEN $2 END) IS NULL
ORDER BY "pages", "title";

-- case_of_an_enum
/* retort:query.all */ SELECT "id", "author_id", "title", "genre", "pages", "sold", "rank", "price", "weight", "in_print", "cover", "tags", "extra", "published", "seen_at", "subtitle"
FROM "books"
WHERE (CASE WHEN ("pages" > $1) THEN "genre" ELSE $2 END = $3)
ORDER BY "pages", "title";

-- casts
/* retort:query.all */ SELECT "id", "author_id", "title", "genre", "pages", "sold", "rank", "price", "weight", "in_print", "cover", "tags", "extra", "published", "seen_at", "subtitle"
FROM "books"
WHERE ((("pages")::text = $1) AND (("pages")::numeric(10,2) <> $2) AND (("pages")::varchar(10) = $3))
ORDER BY "pages", "title";

-- truth_and_is
/* retort:query.all */ SELECT "id", "author_id", "title", "genre", "pages", "sold", "rank", "price", "weight", "in_print", "cover", "tags", "extra", "published", "seen_at", "subtitle"
FROM "books"
WHERE ((("pages" > $1)) AND ((("pages" > $2)) = $3) AND "in_print")
ORDER BY "pages", "title";

-- row_comparisons
/* retort:query.all */ SELECT "id", "author_id", "title", "genre", "pages", "sold", "rank", "price", "weight", "in_print", "cover", "tags", "extra", "published", "seen_at", "subtitle"
FROM "books"
WHERE (("title", "pages") > ($1, $2) AND ("pages") >= ($3) AND ("pages") < ($4) AND ("pages") <= ($5) AND ("title", "pages") = ($6, $7))
ORDER BY "pages", "title";

-- order_by_expressions
/* retort:query.all */ SELECT "id", "created_at", "updated_at", "version", "name", "email", "note"
FROM "authors"
ORDER BY char_length(("name")::text) DESC, "name";

-- order_with_nulls_in_their_place
/* retort:query.all */ SELECT "id", "created_at", "updated_at", "version", "name", "email", "note"
FROM "authors"
ORDER BY "note" NULLS FIRST, "note" DESC NULLS LAST;

-- offset
/* retort:query.all */ SELECT "id", "created_at", "updated_at", "version", "name", "email", "note"
FROM "authors"
ORDER BY "name", "id"
LIMIT 1
OFFSET 1;

-- locks
BEGIN;
/* retort:query.all */ SELECT "id", "created_at", "updated_at", "version", "name", "email", "note"
FROM "authors"
WHERE "id" = $1
FOR UPDATE;
/* retort:query.all */ SELECT "id", "created_at", "updated_at", "version", "name", "email", "note"
FROM "authors"
WHERE "id" = $1
FOR NO KEY UPDATE SKIP LOCKED;
/* retort:query.all */ SELECT "id", "created_at", "updated_at", "version", "name", "email", "note"
FROM "authors"
WHERE "id" = $1
FOR SHARE NOWAIT;
/* retort:query.all */ SELECT "id", "created_at", "updated_at", "version", "name", "email", "note"
FROM "authors"
WHERE "id" = $1
FOR KEY SHARE OF "authors";
/* retort:query.all */ SELECT "authors"."id", "authors"."created_at", "authors"."updated_at", "authors"."version", "authors"."name", "authors"."email", "authors"."note"
FROM "authors"
JOIN "books" ON ("books"."author_id" = "authors"."id")
WHERE "authors"."id" = $1
FOR UPDATE OF "books", "authors";
/* retort:query.all */ SELECT "id", "created_at", "updated_at", "version", "name", "email", "note"
FROM "authors"
WHERE "id" = $1
ORDER BY "id"
FOR UPDATE;
/* retort:query.all */ SELECT p.retort_key, c."id", c."author_id", c."title", c."genre", c."pages", c."sold", c."rank", c."price", c."weight", c."in_print", c."cover", c."tags", c."extra", c."published", c."seen_at", c."subtitle"
FROM (SELECT "id" AS retort_key FROM "authors"
WHERE "id" = $1
ORDER BY "id"
FOR UPDATE) AS p
LEFT JOIN "books" AS c ON c."author_id" = p.retort_key
ORDER BY c."id";

-- a_name_in_the_label
/* retort:query.count authors.count */ SELECT count(*) FROM "authors";


-- inner_join_repeats_the_row
/* retort:query.all */ SELECT "authors"."id", "authors"."created_at", "authors"."updated_at", "authors"."version", "authors"."name", "authors"."email", "authors"."note"
FROM "authors"
JOIN "books" ON ("books"."author_id" = "authors"."id")
WHERE "books"."pages" > $1
ORDER BY "authors"."name", "books"."title";

-- left_join_gives_NULL
/* retort:select.all */ SELECT "authors"."name" AS "author", "books"."title" AS "title"
FROM "authors"
LEFT JOIN "books" ON ("books"."author_id" = "authors"."id")
ORDER BY "authors"."name", "books"."title";

-- right_join
/* retort:select.all */ SELECT "authors"."name" AS "author", "books"."title" AS "title"
FROM "authors"
RIGHT JOIN "books" ON ("books"."author_id" = "authors"."id") AND "authors"."name" = $1
WHERE "books"."id" IS NOT NULL
ORDER BY "books"."title", "books"."pages", "authors"."name";

-- full_join
/* retort:select.all */ SELECT count(*)
FROM "authors"
FULL JOIN "books" ON ("books"."author_id" = "authors"."id");

-- cross_join
/* retort:query.count */ SELECT count(*) FROM "authors"
CROSS JOIN "books";

-- self_join_by_alias
/* retort:query.all */ SELECT "books"."id", "books"."author_id", "books"."title", "books"."genre", "books"."pages", "books"."sold", "books"."rank", "books"."price", "books"."weight", "books"."in_print", "books"."cover", "books"."tags", "books"."extra", "books"."published", "books"."seen_at", "books"."subtitle"
FROM "books"
JOIN "books" AS "twin" ON ("twin"."author_id" = "books"."author_id") AND ("twin"."pages" > "books"."pages")
WHERE "twin"."title" = $1;

-- query_of_an_alias
/* retort:query.all */ SELECT "twin"."id", "twin"."author_id", "twin"."title", "twin"."genre", "twin"."pages", "twin"."sold", "twin"."rank", "twin"."price", "twin"."weight", "twin"."in_print", "twin"."cover", "twin"."tags", "twin"."extra", "twin"."published", "twin"."seen_at", "twin"."subtitle"
FROM "books" AS "twin"
WHERE "twin"."pages" = $1
ORDER BY "twin"."title", "twin"."id"
LIMIT 5;

-- lateral_join
/* retort:select.all */ SELECT "authors"."name" AS "author", "latest"."title" AS "title"
FROM "authors"
LEFT JOIN LATERAL (SELECT "books"."title" AS "title"
FROM "books"
WHERE ("books"."author_id" = "authors"."id")
ORDER BY "books"."pages" DESC
LIMIT 1) AS "latest" ON true
ORDER BY "authors"."name";

-- inner_lateral_join
/* retort:query.all */ SELECT "authors"."id", "authors"."created_at", "authors"."updated_at", "authors"."version", "authors"."name", "authors"."email", "authors"."note"
FROM "authors"
JOIN LATERAL (SELECT "books"."title" AS "title"
FROM "books"
WHERE ("books"."author_id" = "authors"."id")
ORDER BY "books"."pages" DESC
LIMIT 1) AS "latest" ON "latest"."title" = $1;

-- count_of_a_join
/* retort:query.count */ SELECT count(*) FROM "authors"
JOIN "books" ON ("books"."author_id" = "authors"."id");

-- exists_of_a_join
/* retort:query.exists */ SELECT EXISTS (SELECT 1 FROM "authors"
JOIN "books" ON ("books"."author_id" = "authors"."id")
WHERE "authors"."name" = $1);

-- relations_of_a_joined_query
BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;
/* retort:query.all */ SELECT "authors"."id", "authors"."created_at", "authors"."updated_at", "authors"."version", "authors"."name", "authors"."email", "authors"."note"
FROM "authors"
JOIN "books" ON ("books"."author_id" = "authors"."id")
WHERE "books"."pages" = $1
ORDER BY "authors"."id";
/* retort:query.all */ SELECT c."id", c."author_id", c."title", c."genre", c."pages", c."sold", c."rank", c."price", c."weight", c."in_print", c."cover", c."tags", c."extra", c."published", c."seen_at", c."subtitle"
FROM "books" AS c
WHERE c."author_id" IN (SELECT "authors"."id" FROM "authors"
JOIN "books" ON ("books"."author_id" = "authors"."id")
WHERE "books"."pages" = $1)
ORDER BY c."id";
/* retort:session.read */ COMMIT;

-- a_page_of_a_join
/* retort:query.all */ SELECT "books"."id", "books"."author_id", "books"."title", "books"."genre", "books"."pages", "books"."sold", "books"."rank", "books"."price", "books"."weight", "books"."in_print", "books"."cover", "books"."tags", "books"."extra", "books"."published", "books"."seen_at", "books"."subtitle"
FROM "books"
JOIN "authors" ON ("books"."author_id" = "authors"."id")
WHERE "authors"."id" = $1 AND ("books"."pages", "books"."id") > ($2, $3)
ORDER BY "books"."pages", "books"."id"
LIMIT 3;


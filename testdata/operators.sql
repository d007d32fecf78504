-- elements_of_arrays
/* retort:select.all */ SELECT "id"
FROM "offers"
WHERE ($1 = ANY("tags") AND $2 = ANY("sizes"))
ORDER BY "id";

-- all_elements
/* retort:select.all */ SELECT "id"
FROM "offers"
WHERE $1 = ALL("sizes")
ORDER BY "id";

-- arrays_contain_and_overlap
/* retort:select.all */ SELECT "id"
FROM "offers"
WHERE (("tags" @> $1) AND ("sizes" <@ $2) AND ("sizes" && $3))
ORDER BY "id";

-- every_array_contains_none
/* retort:select.all */ SELECT "id"
FROM "offers"
WHERE ("tags" @> $1)
ORDER BY "id";

-- arrays_grow_and_shrink
BEGIN;
/* retort:update.returning */ UPDATE "offers"
SET "tags" = (array_remove(array_append("tags", $1), $2) || "tags")
WHERE "id" = $3
RETURNING "tags" AS "tags", cardinality("tags") AS "n";

-- ranges
/* retort:select.all */ SELECT "id"
FROM "offers"
WHERE (("ports" @> $1::int4) AND ("open" @> $2::timestamptz) AND ("days" @> $3::date) AND ("ports" @> $4) AND ("ports" <@ $5) AND ("days" && $6) AND ("open" << $7) AND ("ports" -|- $8))
ORDER BY "id";

-- ranges_behind
/* retort:select.all */ SELECT "id"
FROM "offers"
WHERE ("days" >> $1)
ORDER BY "id";

-- json_contains
/* retort:select.all */ SELECT "id"
FROM "offers"
WHERE (("extra")::jsonb @> ($1)::jsonb)
ORDER BY "id";

-- json_keys
/* retort:select.all */ SELECT "id"
FROM "offers"
WHERE ((("raw")::jsonb ? ($1)::text) AND (("raw")::jsonb ?| ($2)::text[]) AND (("extra")::jsonb ?& ($3)::text[]))
ORDER BY "id";

-- json_paths
/* retort:select.all */ SELECT "id"
FROM "offers"
WHERE (jsonb_path_exists(("extra")::jsonb, ($1)::jsonpath) AND ((("extra")::jsonb #>> ($2)::text[]) = $3))
ORDER BY "id";

-- json_values
/* retort:select.all */ SELECT coalesce(((("extra")::jsonb #>> ($1)::text[]))::integer, $2)
FROM "offers"
ORDER BY ((("extra")::jsonb #>> ($3)::text[]))::integer DESC;

-- json_at_a_path
/* retort:select.all */ SELECT (("extra")::jsonb #> ($1)::text[])
FROM "offers"
WHERE ((("extra")::jsonb #> ($2)::text[])) IS NOT NULL
ORDER BY "id";

-- full_text
/* retort:select.all */ SELECT "id"
FROM "offers"
WHERE ((to_tsvector('english'::regconfig, "title") @@ websearch_to_tsquery('english'::regconfig, ($1)::text)) AND (ts_rank(to_tsvector('english'::regconfig, "title"), websearch_to_tsquery('english'::regconfig, ($2)::text)) > $3) AND (ts_rank_cd(to_tsvector('english'::regconfig, "title"), plainto_tsquery('english'::regconfig, ($4)::text)) > $5) AND (to_tsvector('english'::regconfig, "title") @@ phraseto_tsquery('english'::regconfig, ($6)::text)) AND (to_tsvector('english'::regconfig, "title") @@ to_tsquery('simple'::regconfig, ($7)::text)))
ORDER BY "id";

-- headline
/* retort:select.all */ SELECT ts_headline('english'::regconfig, ("title")::text, websearch_to_tsquery('english'::regconfig, ($1)::text), ($2)::text)
FROM "offers"
WHERE (to_tsvector('english'::regconfig, "title") @@ websearch_to_tsquery('english'::regconfig, ($3)::text));

-- trigrams
/* retort:select.all */ SELECT "id"
FROM "offers"
WHERE (("title" % ($1)::text) AND (similarity(("title")::text, ($2)::text) > $3) AND (word_similarity(($4)::text, ("title")::text) > $5) AND (("title")::text ILIKE ($6)::text))
ORDER BY "id";

-- nearest_by_trigrams
/* retort:select.all */ SELECT "id"
FROM "offers"
ORDER BY ("title" <-> ($1)::text)
LIMIT 1;

-- a_fragment_opens_the_transaction
BEGIN;
/* retort:select.all */ SELECT "id"
FROM "offers"
WHERE ((cardinality("tags") + $1::int) = $2)
ORDER BY "id";

-- a_pure_fragment_does_not
/* retort:select.all */ SELECT "id"
FROM "offers"
WHERE ("title" ~ $1 -- and no more
)
ORDER BY "id";

-- a_fragment_of_expressions
/* retort:select.all */ SELECT (left(lower(("title")::text), $1::int) || '$1 @title')
FROM "offers"
ORDER BY "id";


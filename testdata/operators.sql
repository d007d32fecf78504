-- elements_of_arrays
/* retort:select.all */ SELECT "offers"."id"
FROM "offers"
WHERE (("offers"."tags" @> $1) AND ("offers"."sizes" @> $2))
ORDER BY "offers"."id";

-- all_elements
/* retort:select.all */ SELECT "offers"."id"
FROM "offers"
WHERE ("offers"."sizes" <@ $1)
ORDER BY "offers"."id";

-- arrays_contain_and_overlap
/* retort:select.all */ SELECT "offers"."id"
FROM "offers"
WHERE (("offers"."tags" @> $1) AND ("offers"."sizes" <@ $2) AND ("offers"."sizes" && $3))
ORDER BY "offers"."id";

-- every_array_contains_none
/* retort:select.all */ SELECT "offers"."id"
FROM "offers"
WHERE ("offers"."tags" @> $1)
ORDER BY "offers"."id";

-- arrays_grow_and_shrink
BEGIN;
/* retort:update.returning */ UPDATE "offers"
SET "tags" = (array_remove(("tags" || $1), ($2::text[])[1]) || "tags")
WHERE "id" = $3
RETURNING "tags" AS "tags", cardinality("tags") AS "n";

-- ranges
/* retort:select.all */ SELECT "offers"."id"
FROM "offers"
WHERE (("offers"."ports" @> $1::int4) AND ("offers"."open" @> $2::timestamptz) AND ("offers"."days" @> $3::date) AND ("offers"."ports" @> $4) AND ("offers"."ports" <@ $5) AND ("offers"."days" && $6) AND ("offers"."open" << $7) AND ("offers"."ports" -|- $8))
ORDER BY "offers"."id";

-- ranges_behind
/* retort:select.all */ SELECT "offers"."id"
FROM "offers"
WHERE ("offers"."days" >> $1)
ORDER BY "offers"."id";

-- json_contains
/* retort:select.all */ SELECT "offers"."id"
FROM "offers"
WHERE (("offers"."extra")::jsonb @> ($1)::jsonb)
ORDER BY "offers"."id";

-- json_keys
/* retort:select.all */ SELECT "offers"."id"
FROM "offers"
WHERE ((("offers"."raw")::jsonb ? ($1)::text) AND (("offers"."raw")::jsonb ?| ($2)::text[]) AND (("offers"."extra")::jsonb ?& ($3)::text[]))
ORDER BY "offers"."id";

-- json_paths
/* retort:select.all */ SELECT "offers"."id"
FROM "offers"
WHERE (jsonb_path_exists(("offers"."extra")::jsonb, ($1)::jsonpath) AND ((("offers"."extra")::jsonb #>> ($2)::text[]) = $3))
ORDER BY "offers"."id";

-- json_values
/* retort:select.all */ SELECT coalesce(((("offers"."extra")::jsonb #>> ($1)::text[]))::integer, $2)
FROM "offers"
ORDER BY ((("offers"."extra")::jsonb #>> ($3)::text[]))::integer DESC;

-- json_at_a_path
/* retort:select.all */ SELECT (("offers"."extra")::jsonb #> ($1)::text[])
FROM "offers"
WHERE ((("offers"."extra")::jsonb #> ($2)::text[])) IS NOT NULL
ORDER BY "offers"."id";

-- full_text
/* retort:select.all */ SELECT "offers"."id"
FROM "offers"
WHERE ((to_tsvector('english'::regconfig, "offers"."title") @@ websearch_to_tsquery('english'::regconfig, ($1)::text)) AND (ts_rank(to_tsvector('english'::regconfig, "offers"."title"), websearch_to_tsquery('english'::regconfig, ($2)::text)) > $3) AND (ts_rank_cd(to_tsvector('english'::regconfig, "offers"."title"), plainto_tsquery('english'::regconfig, ($4)::text)) > $5) AND (to_tsvector('english'::regconfig, "offers"."title") @@ phraseto_tsquery('english'::regconfig, ($6)::text)) AND (to_tsvector('english'::regconfig, "offers"."title") @@ to_tsquery('simple'::regconfig, ($7)::text)))
ORDER BY "offers"."id";

-- headline
/* retort:select.all */ SELECT ts_headline('english'::regconfig, ("offers"."title")::text, websearch_to_tsquery('english'::regconfig, ($1)::text), ($2)::text)
FROM "offers"
WHERE (to_tsvector('english'::regconfig, "offers"."title") @@ websearch_to_tsquery('english'::regconfig, ($3)::text));

-- trigrams
/* retort:select.all */ SELECT "offers"."id"
FROM "offers"
WHERE (("offers"."title" % ($1)::text) AND (similarity(("offers"."title")::text, ($2)::text) > $3) AND (word_similarity(($4)::text, ("offers"."title")::text) > $5) AND (("offers"."title")::text ILIKE ($6)::text))
ORDER BY "offers"."id";

-- nearest_by_trigrams
/* retort:select.all */ SELECT "offers"."id"
FROM "offers"
ORDER BY ("offers"."title" <-> ($1)::text)
LIMIT 1;

-- a_fragment_opens_the_transaction
BEGIN;
/* retort:select.all */ SELECT "offers"."id"
FROM "offers"
WHERE ((cardinality("offers"."tags") + $1::int) = $2)
ORDER BY "offers"."id";

-- a_pure_fragment_does_not
/* retort:select.all */ SELECT "offers"."id"
FROM "offers"
WHERE ("offers"."title" ~ $1 -- and no more
)
ORDER BY "offers"."id";

-- a_fragment_of_expressions
/* retort:select.all */ SELECT (left(lower(("offers"."title")::text), $1::int) || '$1 @title')
FROM "offers"
ORDER BY "offers"."id";


BEGIN;
/* retort:session.flush */ INSERT INTO "nodes" ("id", "parent_id", "name", "slot")
VALUES ($1, $2, $3, $4);
/* retort:session.flush */ INSERT INTO "leaves" ("node_id", "label")
SELECT retort_1, retort_2
FROM unnest($1, $2) WITH ORDINALITY AS retort_given (retort_1, retort_2, retort_n)
ORDER BY retort_n
RETURNING "id";
COMMIT;

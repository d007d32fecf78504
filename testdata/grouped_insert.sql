BEGIN;
/* retort:session.flush */ INSERT INTO "authors" ("id", "name", "email", "note")
SELECT retort_1, retort_2, retort_3, retort_4
FROM unnest($1, $2, $3, $4) WITH ORDINALITY AS retort_given (retort_1, retort_2, retort_3, retort_4, retort_n)
ORDER BY retort_n
RETURNING "id", "created_at", "updated_at", "version";
COMMIT;

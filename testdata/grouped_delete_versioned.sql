BEGIN;
/* retort:session.flush */ WITH retort_locked AS (
  SELECT retort_given.* FROM "authors" JOIN unnest($1, $2) WITH ORDINALITY AS retort_given (retort_1, retort_2, retort_n) ON "authors"."id" = retort_1
  ORDER BY "authors"."id"
  FOR UPDATE OF "authors"
), retort_done AS (
  DELETE FROM "authors"
  USING retort_locked
  WHERE "authors"."id" = retort_1 AND "authors"."version" = retort_2
  RETURNING retort_n
)
SELECT CASE WHEN (SELECT count(*) FROM retort_done) = cardinality($1) THEN true ELSE current_setting('retort.stale_row:' || array_to_string(ARRAY(
  SELECT n FROM generate_series(1, cardinality($1)) AS n EXCEPT SELECT retort_n FROM retort_done ORDER BY 1 LIMIT 100), ','))::boolean END AS ok;
COMMIT;

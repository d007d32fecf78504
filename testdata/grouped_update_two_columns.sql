BEGIN;
/* retort:session.flush */ WITH retort_locked AS (
  SELECT retort_given.* FROM "seats" JOIN unnest($1, $2, $3, $4) WITH ORDINALITY AS retort_given (retort_1, retort_2, retort_3, retort_4, retort_n) ON "seats"."hall" = retort_1 AND "seats"."row" = retort_2 AND "seats"."no" = retort_3
  ORDER BY "seats"."hall", "seats"."row", "seats"."no"
  FOR NO KEY UPDATE OF "seats"
), retort_done AS (
  UPDATE "seats"
  SET "taken" = retort_4
  FROM retort_locked
  WHERE "seats"."hall" = retort_1 AND "seats"."row" = retort_2 AND "seats"."no" = retort_3
  RETURNING retort_n
)
SELECT CASE WHEN (SELECT count(*) FROM retort_done) = cardinality($1) THEN true ELSE current_setting('retort.stale_row:' || array_to_string(ARRAY(
  SELECT n FROM generate_series(1, cardinality($1)) AS n EXCEPT SELECT retort_n FROM retort_done ORDER BY 1 LIMIT 100), ','))::boolean END AS ok;
COMMIT;

BEGIN;
/* retort:session.flush */ SELECT 1 FROM "seats" JOIN unnest($1, $2, $3) WITH ORDINALITY AS retort_given (retort_1, retort_2, retort_3, retort_n) ON "seats"."hall" = retort_1 AND "seats"."row" = retort_2 AND "seats"."no" = retort_3
  ORDER BY "seats"."hall", "seats"."row", "seats"."no"
  FOR UPDATE OF "seats";
/* retort:session.flush */ WITH u AS (
  UPDATE "seats"
  SET "taken" = $4
  WHERE "hall" = $1 AND "row" = $2 AND "no" = $3
  RETURNING 1
)
SELECT CASE WHEN (SELECT true FROM u) THEN true ELSE current_setting('retort.stale_row')::boolean END AS ok;
/* retort:session.flush */ WITH u AS (
  UPDATE "seats"
  SET "left" = $4
  WHERE "hall" = $1 AND "row" = $2 AND "no" = $3
  RETURNING 1
)
SELECT CASE WHEN (SELECT true FROM u) THEN true ELSE current_setting('retort.stale_row')::boolean END AS ok;
/* retort:session.flush */ WITH retort_locked AS (
  SELECT retort_given.* FROM "seats" JOIN unnest($1, $2, $3) WITH ORDINALITY AS retort_given (retort_1, retort_2, retort_3, retort_n) ON "seats"."hall" = retort_1 AND "seats"."row" = retort_2 AND "seats"."no" = retort_3
  ORDER BY "seats"."hall", "seats"."row", "seats"."no"
  FOR UPDATE OF "seats"
), retort_done AS (
  DELETE FROM "seats"
  USING retort_locked
  WHERE "seats"."hall" = retort_1 AND "seats"."row" = retort_2 AND "seats"."no" = retort_3
  RETURNING retort_n
)
SELECT CASE WHEN (SELECT count(*) FROM retort_done) = cardinality($1) THEN true ELSE current_setting('retort.stale_row:' || array_to_string(ARRAY(
  SELECT n FROM generate_series(1, cardinality($1)) AS n EXCEPT SELECT retort_n FROM retort_done ORDER BY 1 LIMIT 100), ','))::boolean END AS ok;
COMMIT;

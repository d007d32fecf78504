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
SELECT g.ok
FROM (SELECT CASE WHEN count(*) = 1 THEN true ELSE current_setting('retort.stale_row')::boolean END AS ok FROM u) AS g
LEFT JOIN u ON true;
/* retort:session.flush */ WITH u AS (
  UPDATE "seats"
  SET "left" = $4
  WHERE "hall" = $1 AND "row" = $2 AND "no" = $3
  RETURNING 1
)
SELECT g.ok
FROM (SELECT CASE WHEN count(*) = 1 THEN true ELSE current_setting('retort.stale_row')::boolean END AS ok FROM u) AS g
LEFT JOIN u ON true;
/* retort:session.flush */ WITH retort_given AS (
  SELECT * FROM unnest($1, $2, $3) WITH ORDINALITY AS retort_given (retort_1, retort_2, retort_3, retort_n)
), retort_locked AS (
  SELECT 1 FROM "seats" JOIN retort_given ON "seats"."hall" = retort_1 AND "seats"."row" = retort_2 AND "seats"."no" = retort_3
  ORDER BY "seats"."hall", "seats"."row", "seats"."no"
  FOR UPDATE OF "seats"
), retort_done AS (
  DELETE FROM "seats"
  USING retort_given
  WHERE (SELECT count(*) FROM retort_locked) > 0 AND "seats"."hall" = retort_1 AND "seats"."row" = retort_2 AND "seats"."no" = retort_3
  RETURNING retort_n
)
SELECT CASE WHEN count(*) = (SELECT count(*) FROM retort_given) THEN true ELSE current_setting('retort.stale_row:' || array_to_string(ARRAY(
  SELECT retort_n FROM retort_given EXCEPT SELECT retort_n FROM retort_done ORDER BY 1 LIMIT 100), ','))::boolean END AS ok FROM retort_done;
COMMIT;

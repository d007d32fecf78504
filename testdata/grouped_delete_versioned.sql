BEGIN;
/* retort:session.flush */ WITH retort_given AS (
  SELECT * FROM unnest($1, $2) WITH ORDINALITY AS retort_given (retort_1, retort_2, retort_n)
), retort_locked AS (
  SELECT 1 FROM "authors" JOIN retort_given ON "authors"."id" = retort_1
  ORDER BY "authors"."id"
  FOR UPDATE OF "authors"
), retort_done AS (
  DELETE FROM "authors"
  USING retort_given
  WHERE (SELECT count(*) FROM retort_locked) > 0 AND "authors"."id" = retort_1 AND "authors"."version" = retort_2
  RETURNING retort_n
)
SELECT CASE WHEN count(*) = (SELECT count(*) FROM retort_given) THEN true ELSE current_setting('retort.stale_row:' || array_to_string(ARRAY(
  SELECT retort_n FROM retort_given EXCEPT SELECT retort_n FROM retort_done ORDER BY 1 LIMIT 100), ','))::boolean END AS ok FROM retort_done;
COMMIT;

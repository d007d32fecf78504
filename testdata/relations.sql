-- belongs_to
BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;
/* retort:query.all */ SELECT "house", "no", "next_no"
FROM "theaters"
ORDER BY "house", "no";
/* retort:query.all */ SELECT c."house", c."no", c."next_no"
FROM "theaters" AS c
WHERE (c."house", c."no") IN (SELECT "house", "next_no" FROM "theaters")
ORDER BY c."house", c."no";
/* retort:session.read */ COMMIT;

-- has_many
BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;
/* retort:query.all */ SELECT "house", "no", "next_no"
FROM "theaters"
ORDER BY "house", "no";
/* retort:query.all */ SELECT c."house", c."theater", c."no", c."broken"
FROM (SELECT "house" AS retort_key, "no" AS retort_key2 FROM "theaters") AS p
JOIN "chairs" AS c ON c."house" = p.retort_key AND c."theater" = p.retort_key2
ORDER BY c."no" DESC, c."house" DESC, c."theater" DESC;
/* retort:session.read */ COMMIT;

-- has_one
BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;
/* retort:query.all */ SELECT "house", "no", "next_no"
FROM "theaters"
ORDER BY "house", "no";
/* retort:query.all */ SELECT c."id", c."house", c."theater"
FROM (SELECT "house" AS retort_key, "no" AS retort_key2 FROM "theaters") AS p
JOIN "screens" AS c ON c."house" = p.retort_key AND c."theater" = p.retort_key2
ORDER BY c."id";
/* retort:session.read */ COMMIT;

-- many_to_many
BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;
/* retort:query.all */ SELECT "house", "no", "next_no"
FROM "theaters"
ORDER BY "house", "no";
/* retort:query.all */ SELECT l."theater_house", l."theater_no", c."title", c."year"
FROM (SELECT "house" AS retort_key, "no" AS retort_key2 FROM "theaters") AS p
JOIN "showings" AS l ON l."theater_house" = p.retort_key AND l."theater_no" = p.retort_key2
JOIN "films" AS c ON c."title" = l."film_title" AND c."year" = l."film_year"
ORDER BY c."title", c."year";
/* retort:session.read */ COMMIT;

-- many_through
BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;
/* retort:query.all */ SELECT "house", "no", "next_no"
FROM "theaters"
ORDER BY "house", "no";
/* retort:query.all */ SELECT l."house", l."theater", c."country", c."number"
FROM (SELECT "house" AS retort_key, "no" AS retort_key2 FROM "theaters") AS p
JOIN "visits" AS l ON l."house" = p.retort_key AND l."theater" = p.retort_key2
JOIN "guests" AS c ON c."country" = l."country" AND c."number" = l."number"
ORDER BY c."country", c."number";
/* retort:session.read */ COMMIT;

-- to_itself
BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;
/* retort:query.all */ SELECT "house", "no", "next_no"
FROM "theaters"
ORDER BY "house", "no";
/* retort:query.all */ SELECT c."house", c."no", c."next_no"
FROM (SELECT "house" AS retort_key, "no" AS retort_key2 FROM "theaters") AS p
JOIN "theaters" AS c ON c."house" = p.retort_key AND c."next_no" = p.retort_key2
ORDER BY c."house", c."no";
/* retort:session.read */ COMMIT;

-- all_at_once
BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;
/* retort:query.all */ SELECT "house", "no", "next_no"
FROM "theaters"
ORDER BY "house", "no";
/* retort:query.all */ SELECT c."house", c."no", c."next_no"
FROM "theaters" AS c
WHERE (c."house", c."no") IN (SELECT "house", "next_no" FROM "theaters")
ORDER BY c."house", c."no";
/* retort:query.all */ SELECT c."house", c."no", c."next_no"
FROM (SELECT "house" AS retort_key, "no" AS retort_key2 FROM "theaters") AS p
JOIN "theaters" AS c ON c."house" = p.retort_key AND c."next_no" = p.retort_key2
ORDER BY c."house", c."no";
/* retort:query.all */ SELECT c."house", c."theater", c."no", c."broken"
FROM (SELECT "house" AS retort_key, "no" AS retort_key2 FROM "theaters") AS p
JOIN "chairs" AS c ON c."house" = p.retort_key AND c."theater" = p.retort_key2
ORDER BY c."no" DESC, c."house" DESC, c."theater" DESC;
/* retort:query.all */ SELECT c."id", c."house", c."theater"
FROM (SELECT "house" AS retort_key, "no" AS retort_key2 FROM "theaters") AS p
JOIN "screens" AS c ON c."house" = p.retort_key AND c."theater" = p.retort_key2
ORDER BY c."id";
/* retort:query.all */ SELECT l."theater_house", l."theater_no", c."title", c."year"
FROM (SELECT "house" AS retort_key, "no" AS retort_key2 FROM "theaters") AS p
JOIN "showings" AS l ON l."theater_house" = p.retort_key AND l."theater_no" = p.retort_key2
JOIN "films" AS c ON c."title" = l."film_title" AND c."year" = l."film_year"
ORDER BY c."title", c."year";
/* retort:query.all */ SELECT l."house", l."theater", c."country", c."number"
FROM (SELECT "house" AS retort_key, "no" AS retort_key2 FROM "theaters") AS p
JOIN "visits" AS l ON l."house" = p.retort_key AND l."theater" = p.retort_key2
JOIN "guests" AS c ON c."country" = l."country" AND c."number" = l."number"
ORDER BY c."country", c."number";
/* retort:session.read */ COMMIT;

-- the_first_of_each
BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;
/* retort:query.all */ SELECT "house", "no", "next_no"
FROM "theaters"
ORDER BY "house", "no";
/* retort:query.all */ SELECT c."house", c."theater", c."no", c."broken"
FROM (SELECT "house" AS retort_key, "no" AS retort_key2 FROM "theaters") AS p
CROSS JOIN LATERAL (SELECT c."house", c."theater", c."no", c."broken" FROM "chairs" AS c
WHERE c."house" = p.retort_key AND c."theater" = p.retort_key2
ORDER BY c."no", c."house", c."theater"
LIMIT 2) AS c
ORDER BY c."no", c."house", c."theater";
/* retort:session.read */ COMMIT;

-- the_first_of_each_tie
BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;
/* retort:query.all */ SELECT "house", "no", "next_no"
FROM "theaters"
ORDER BY "house", "no";
/* retort:query.all */ SELECT p.retort_key, p.retort_key2, c."title", c."year"
FROM (SELECT "house" AS retort_key, "no" AS retort_key2 FROM "theaters") AS p
CROSS JOIN LATERAL (SELECT c."title", c."year" FROM "showings" AS l JOIN "films" AS c ON c."title" = l."film_title" AND c."year" = l."film_year"
WHERE l."theater_house" = p.retort_key AND l."theater_no" = p.retort_key2
ORDER BY c."year" DESC, c."title" DESC
LIMIT 1) AS c
ORDER BY c."year" DESC, c."title" DESC;
/* retort:session.read */ COMMIT;

-- the_first_of_each_through_a_model
BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;
/* retort:query.all */ SELECT "house", "no", "next_no"
FROM "theaters"
ORDER BY "house", "no";
/* retort:query.all */ SELECT p.retort_key, p.retort_key2, c."country", c."number"
FROM (SELECT "house" AS retort_key, "no" AS retort_key2 FROM "theaters") AS p
CROSS JOIN LATERAL (SELECT c."country", c."number" FROM "guests" AS c
WHERE EXISTS (SELECT FROM "visits" AS l WHERE l."house" = p.retort_key AND l."theater" = p.retort_key2 AND c."country" = l."country" AND c."number" = l."number")
ORDER BY c."country", c."number"
LIMIT 2) AS c
ORDER BY c."country", c."number";
/* retort:session.read */ COMMIT;

-- filtered_and_ordered
BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;
/* retort:query.all */ SELECT "house", "no", "next_no"
FROM "theaters"
ORDER BY "house", "no";
/* retort:query.all */ SELECT l."theater_house", l."theater_no", c."title", c."year"
FROM (SELECT "house" AS retort_key, "no" AS retort_key2 FROM "theaters") AS p
JOIN "showings" AS l ON l."theater_house" = p.retort_key AND l."theater_no" = p.retort_key2
JOIN "films" AS c ON c."title" = l."film_title" AND c."year" = l."film_year" AND c."year" < $1
ORDER BY c."title", c."year";
/* retort:query.all */ SELECT c."house", c."theater", c."no", c."broken"
FROM (SELECT "house" AS retort_key, "no" AS retort_key2 FROM "theaters") AS p
JOIN "chairs" AS c ON c."house" = p.retort_key AND c."theater" = p.retort_key2 AND c."no" > $1
ORDER BY c."no", c."house", c."theater";
/* retort:session.read */ COMMIT;

-- nested
BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;
/* retort:query.all */ SELECT "house", "no", "next_no"
FROM "theaters"
ORDER BY "house", "no";
/* retort:query.all */ SELECT c."house", c."no", c."next_no"
FROM "theaters" AS c
WHERE (c."house", c."no") IN (SELECT "house", "next_no" FROM "theaters")
ORDER BY c."house", c."no";
/* retort:query.all */ SELECT l."theater_house", l."theater_no", c."title", c."year"
FROM (SELECT c."house" AS retort_key, c."no" AS retort_key2
FROM "theaters" AS c
WHERE (c."house", c."no") IN (SELECT "house", "next_no" FROM "theaters")) AS p
JOIN "showings" AS l ON l."theater_house" = p.retort_key AND l."theater_no" = p.retort_key2
JOIN "films" AS c ON c."title" = l."film_title" AND c."year" = l."film_year"
ORDER BY c."title", c."year";
/* retort:query.all */ SELECT c."house", c."no", c."next_no"
FROM (SELECT c."house" AS retort_key, c."no" AS retort_key2
FROM "theaters" AS c
WHERE (c."house", c."no") IN (SELECT "house", "next_no" FROM "theaters")) AS p
JOIN "theaters" AS c ON c."house" = p.retort_key AND c."next_no" = p.retort_key2
ORDER BY c."house", c."no";
/* retort:query.all */ SELECT c."house", c."theater", c."no", c."broken"
FROM (SELECT c."house" AS retort_key, c."no" AS retort_key2
FROM (SELECT c."house" AS retort_key, c."no" AS retort_key2
FROM "theaters" AS c
WHERE (c."house", c."no") IN (SELECT "house", "next_no" FROM "theaters")) AS p
JOIN "theaters" AS c ON c."house" = p.retort_key AND c."next_no" = p.retort_key2) AS p
JOIN "chairs" AS c ON c."house" = p.retort_key AND c."theater" = p.retort_key2
ORDER BY c."no" DESC, c."house" DESC, c."theater" DESC;
/* retort:session.read */ COMMIT;

-- later
/* retort:query.all */ SELECT "house", "no", "next_no"
FROM "theaters"
ORDER BY "house", "no";
/* retort:load.related */ SELECT c."house", c."theater", c."no", c."broken"
FROM "chairs" AS c
WHERE (c."house", c."theater") IN (SELECT u.retort_key, u.retort_key2 FROM unnest($1, $2) AS u(retort_key, retort_key2))
ORDER BY c."no" DESC, c."house" DESC, c."theater" DESC;
/* retort:load.related */ SELECT l."theater_house", l."theater_no", c."title", c."year"
FROM "showings" AS l JOIN "films" AS c ON c."title" = l."film_title" AND c."year" = l."film_year"
WHERE (l."theater_house", l."theater_no") IN (SELECT u.retort_key, u.retort_key2 FROM unnest($1, $2) AS u(retort_key, retort_key2))
ORDER BY c."title", c."year";
/* retort:load.related */ SELECT l."house", l."theater", c."country", c."number"
FROM "visits" AS l JOIN "guests" AS c ON c."country" = l."country" AND c."number" = l."number"
WHERE (l."house", l."theater") IN (SELECT u.retort_key, u.retort_key2 FROM unnest($1, $2) AS u(retort_key, retort_key2))
ORDER BY c."country", c."number";
/* retort:load.related */ SELECT c."house", c."no", c."next_no"
FROM "theaters" AS c
WHERE (c."house", c."next_no") IN (SELECT u.retort_key, u.retort_key2 FROM unnest($1, $2) AS u(retort_key, retort_key2))
ORDER BY c."house", c."no";
/* retort:load.related */ SELECT c."id", c."house", c."theater"
FROM "screens" AS c
WHERE (c."house", c."theater") IN (SELECT u.retort_key, u.retort_key2 FROM unnest($1, $2) AS u(retort_key, retort_key2))
ORDER BY c."id";

-- in_a_transaction
BEGIN;
/* retort:session.flush */ INSERT INTO "guests" ("country", "number")
VALUES ($1, $2);
/* retort:query.all */ SELECT "house", "no", "next_no"
FROM "theaters"
ORDER BY "house", "no";
/* retort:query.all */ SELECT p.retort_key, p.retort_key2, c."house", c."theater", c."no", c."broken"
FROM (SELECT "house" AS retort_key, "no" AS retort_key2 FROM "theaters") AS p
LEFT JOIN "chairs" AS c ON c."house" = p.retort_key AND c."theater" = p.retort_key2
ORDER BY c."no" DESC, c."house" DESC, c."theater" DESC;
/* retort:query.all */ SELECT p.retort_key, p.retort_key2, c."title", c."year"
FROM (SELECT "house" AS retort_key, "no" AS retort_key2 FROM "theaters") AS p
LEFT JOIN ("showings" AS l JOIN "films" AS c ON c."title" = l."film_title" AND c."year" = l."film_year") ON l."theater_house" = p.retort_key AND l."theater_no" = p.retort_key2
ORDER BY c."title", c."year";
/* retort:query.all */ SELECT l."film_title", l."film_year", c."house", c."no", c."next_no"
FROM "showings" AS l JOIN "theaters" AS c ON c."house" = l."theater_house" AND c."no" = l."theater_no"
WHERE (l."film_title", l."film_year") IN (SELECT u.retort_key, u.retort_key2 FROM unnest($1, $2) AS u(retort_key, retort_key2))
ORDER BY c."house", c."no";


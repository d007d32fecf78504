-- 3 revisions up, from base to head.
-- Run it alone, and with ON_ERROR_STOP: psql -v ON_ERROR_STOP=1 -f FILE

SET lock_timeout = 1000;
SET statement_timeout = 0;

BEGIN;
/* retort:migrate.create */ CREATE TABLE IF NOT EXISTS "retort_revisions" (
    id text PRIMARY KEY,
    parents text[] NOT NULL,
    message text NOT NULL,
    checksum text NOT NULL,
    state text NOT NULL CHECK (state IN ('applied', 'upgrading', 'downgrading')),
    changed_by text NOT NULL,
    changed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    duration_ms bigint NOT NULL DEFAULT 0
);
/* retort:migrate.create */ CREATE TABLE IF NOT EXISTS "retort_revisions_journal" (
    revision text NOT NULL,
    direction text NOT NULL CHECK (direction IN ('up', 'down')),
    step integer NOT NULL,
    checksum text NOT NULL,
    mode text NOT NULL,
    state text NOT NULL CHECK (state IN ('started', 'done')),
    rows bigint NOT NULL DEFAULT 0,
    total bigint NOT NULL DEFAULT 0,
    cursor text NOT NULL DEFAULT '',
    started_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    done_at timestamptz,
    PRIMARY KEY (revision, direction, step)
);
/* retort:migrate.create */ CREATE TABLE IF NOT EXISTS "retort_revisions_log" (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    revision text NOT NULL,
    action text NOT NULL,
    checksum text NOT NULL,
    done_by text NOT NULL,
    done_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    duration_ms bigint NOT NULL
);
/* retort:migrate.create */ CREATE TABLE IF NOT EXISTS "retort_revisions_lease" (
    slot smallint PRIMARY KEY DEFAULT 1 CHECK (slot = 1),
    format integer NOT NULL DEFAULT 1,
    token text UNIQUE,
    holder text NOT NULL DEFAULT '',
    pid integer NOT NULL DEFAULT 0,
    watched boolean NOT NULL DEFAULT false,
    acquired_at timestamptz,
    expires_at timestamptz
);
/* retort:migrate.create */ INSERT INTO "retort_revisions_lease" DEFAULT VALUES ON CONFLICT DO NOTHING;
/* retort:migrate.create */ COMMENT ON TABLE "retort_revisions" IS 'retort: the ledger of migrations';
/* retort:migrate.create */ COMMENT ON TABLE "retort_revisions_journal" IS 'retort: the ledger of migrations';
/* retort:migrate.create */ COMMENT ON TABLE "retort_revisions_log" IS 'retort: the ledger of migrations';
/* retort:migrate.create */ COMMENT ON TABLE "retort_revisions_lease" IS 'retort: the ledger of migrations';
COMMIT;

-- up a: make a
BEGIN;
DO 'BEGIN
    IF EXISTS (SELECT FROM "retort_revisions" WHERE id = ''a'') THEN
        RAISE EXCEPTION ''migrate: revision a is applied already'';
    END IF;
END';
/* retort:migrate.start */ DELETE FROM "retort_revisions_journal" WHERE revision = 'a';
/* retort:migrate.start */
INSERT INTO "retort_revisions" AS r (id, parents, message, checksum, state, changed_by)
VALUES ('a', string_to_array('', ' '), 'make a', '455513ea3fa0715a253250e6586ad47ec70324cdb9dd7b1c67db8a02d30ea0a4', 'upgrading', coalesce(nullif('o''hara $1', ''), session_user))
ON CONFLICT (id) DO UPDATE SET state = excluded.state, changed_by = excluded.changed_by, changed_at = excluded.changed_at;
CREATE TABLE books (id bigint PRIMARY KEY, title text);
/* retort:migrate.step */
INSERT INTO "retort_revisions_journal" (revision, direction, step, checksum, mode, state, done_at) VALUES ('a', 'up', '1'::integer, '97a4b1d476dada14b55e3c4df6c6048dbc1e15844eea53e1ef04f367ea7cb597', 'together', 'done', clock_timestamp())
ON CONFLICT (revision, direction, step) DO UPDATE SET state = 'done', checksum = excluded.checksum, mode = excluded.mode, done_at = excluded.done_at;
INSERT INTO books SELECT n, 'title ' || n FROM generate_series(1, 10) n;
/* retort:migrate.step */
INSERT INTO "retort_revisions_journal" (revision, direction, step, checksum, mode, state, done_at) VALUES ('a', 'up', '2'::integer, 'db4420cf92c3ab3291d1338cd950676d2727ba91c7d4b456518e298aab940db3', 'together', 'done', clock_timestamp())
ON CONFLICT (revision, direction, step) DO UPDATE SET state = 'done', checksum = excluded.checksum, mode = excluded.mode, done_at = excluded.done_at;
/* retort:migrate.end */
UPDATE "retort_revisions" SET state = 'applied', parents = string_to_array('', ' '), message = 'make a', checksum = '455513ea3fa0715a253250e6586ad47ec70324cdb9dd7b1c67db8a02d30ea0a4', changed_at = clock_timestamp(), duration_ms = '0'::bigint
WHERE id = 'a';
/* retort:migrate.end */
INSERT INTO "retort_revisions_log" (revision, action, checksum, done_by, duration_ms) VALUES ('a', 'up', '455513ea3fa0715a253250e6586ad47ec70324cdb9dd7b1c67db8a02d30ea0a4', coalesce(nullif('o''hara $1', ''), session_user), '0'::bigint);
COMMIT;

-- up b: make b
BEGIN;
DO 'BEGIN
    IF EXISTS (SELECT FROM "retort_revisions" WHERE id = ''b'') THEN
        RAISE EXCEPTION ''migrate: revision b is applied already'';
    END IF;
END';
/* retort:migrate.start */ DELETE FROM "retort_revisions_journal" WHERE revision = 'b';
/* retort:migrate.start */
INSERT INTO "retort_revisions" AS r (id, parents, message, checksum, state, changed_by)
VALUES ('b', string_to_array('a', ' '), 'make b', '8080bea40721e76050b52c60648071914a69eec656d8692b2fd9316fe414dbad', 'upgrading', coalesce(nullif('o''hara $1', ''), session_user))
ON CONFLICT (id) DO UPDATE SET state = excluded.state, changed_by = excluded.changed_by, changed_at = excluded.changed_at;
ALTER TABLE books ADD COLUMN price int;
/* retort:migrate.step */
INSERT INTO "retort_revisions_journal" (revision, direction, step, checksum, mode, state, done_at) VALUES ('b', 'up', '1'::integer, '589eb63daf4f18a5cb6794b8e7976893ed3cf7c86b7a872fadb8029f5c902eb7', 'together', 'done', clock_timestamp())
ON CONFLICT (revision, direction, step) DO UPDATE SET state = 'done', checksum = excluded.checksum, mode = excluded.mode, done_at = excluded.done_at;
/* retort:migrate.step */
INSERT INTO "retort_revisions_journal" (revision, direction, step, checksum, mode, state) VALUES ('b', 'up', '2'::integer, '07103d296d6ad4d60fd6f95e543115e30f203a321f95b9885a180cb67d3b7688', 'outside', 'started')
ON CONFLICT (revision, direction, step) DO UPDATE SET checksum = excluded.checksum, mode = excluded.mode;
COMMIT;

SET lock_timeout = 0;
CREATE INDEX CONCURRENTLY ix_books_price ON books (price);
SET lock_timeout = 1000;

BEGIN;
/* retort:migrate.step */
INSERT INTO "retort_revisions_journal" (revision, direction, step, checksum, mode, state, done_at) VALUES ('b', 'up', '2'::integer, '07103d296d6ad4d60fd6f95e543115e30f203a321f95b9885a180cb67d3b7688', 'outside', 'done', clock_timestamp())
ON CONFLICT (revision, direction, step) DO UPDATE SET state = 'done', checksum = excluded.checksum, mode = excluded.mode, done_at = excluded.done_at;
COMMIT;

BEGIN;
ALTER TABLE books ADD CONSTRAINT ck CHECK (price > 0) NOT VALID;
/* retort:migrate.step */
INSERT INTO "retort_revisions_journal" (revision, direction, step, checksum, mode, state, done_at) VALUES ('b', 'up', '3'::integer, 'b8735cd5f08271c2655373bef0922cba6c5a2a0d641f554f0b476e93b5c6ba7a', 'together', 'done', clock_timestamp())
ON CONFLICT (revision, direction, step) DO UPDATE SET state = 'done', checksum = excluded.checksum, mode = excluded.mode, done_at = excluded.done_at;
/* retort:migrate.step */
INSERT INTO "retort_revisions_journal" (revision, direction, step, checksum, mode, state) VALUES ('b', 'up', '4'::integer, '55d2708d9036f82f3d869c6390ebd49321f8c058306a666fb56e2744eee97f4c', 'alone', 'started')
ON CONFLICT (revision, direction, step) DO UPDATE SET checksum = excluded.checksum, mode = excluded.mode;
COMMIT;


BEGIN;
ALTER TABLE books VALIDATE CONSTRAINT ck;
/* retort:migrate.step */
INSERT INTO "retort_revisions_journal" (revision, direction, step, checksum, mode, state, done_at) VALUES ('b', 'up', '4'::integer, '55d2708d9036f82f3d869c6390ebd49321f8c058306a666fb56e2744eee97f4c', 'alone', 'done', clock_timestamp())
ON CONFLICT (revision, direction, step) DO UPDATE SET state = 'done', checksum = excluded.checksum, mode = excluded.mode, done_at = excluded.done_at;
/* retort:migrate.end */
UPDATE "retort_revisions" SET state = 'applied', parents = string_to_array('a', ' '), message = 'make b', checksum = '8080bea40721e76050b52c60648071914a69eec656d8692b2fd9316fe414dbad', changed_at = clock_timestamp(), duration_ms = '0'::bigint
WHERE id = 'b';
/* retort:migrate.end */
INSERT INTO "retort_revisions_log" (revision, action, checksum, done_by, duration_ms) VALUES ('b', 'up', '8080bea40721e76050b52c60648071914a69eec656d8692b2fd9316fe414dbad', coalesce(nullif('o''hara $1', ''), session_user), '0'::bigint);
COMMIT;

-- up c: make c
BEGIN;
DO 'BEGIN
    IF EXISTS (SELECT FROM "retort_revisions" WHERE id = ''c'') THEN
        RAISE EXCEPTION ''migrate: revision c is applied already'';
    END IF;
END';
/* retort:migrate.start */ DELETE FROM "retort_revisions_journal" WHERE revision = 'c';
/* retort:migrate.start */
INSERT INTO "retort_revisions" AS r (id, parents, message, checksum, state, changed_by)
VALUES ('c', string_to_array('b', ' '), 'make c', 'a942d9af22c0d742018f646766a56732edaf83ee1b62e2e9cb804b93fb04a05d', 'upgrading', coalesce(nullif('o''hara $1', ''), session_user))
ON CONFLICT (id) DO UPDATE SET state = excluded.state, changed_by = excluded.changed_by, changed_at = excluded.changed_at;
/* retort:migrate.step */
INSERT INTO "retort_revisions_journal" (revision, direction, step, checksum, mode, state) VALUES ('c', 'up', '1'::integer, '227fa0466edf2ebc8cb661af326e92657880a94dff3cf8853aeb3c6d93dcdef9', 'batched', 'started')
ON CONFLICT (revision, direction, step) DO UPDATE SET checksum = excluded.checksum, mode = excluded.mode;
COMMIT;

DO 'DECLARE
    n bigint;
BEGIN
    LOOP
        EXECUTE ''UPDATE books SET price = 1 WHERE id IN (SELECT id FROM books WHERE price IS NULL ORDER BY id LIMIT 3)'';
        GET DIAGNOSTICS n = ROW_COUNT;
        COMMIT;
        EXIT WHEN n = 0;
    END LOOP;
END';

BEGIN;
/* retort:migrate.step */
INSERT INTO "retort_revisions_journal" (revision, direction, step, checksum, mode, state, done_at) VALUES ('c', 'up', '1'::integer, '227fa0466edf2ebc8cb661af326e92657880a94dff3cf8853aeb3c6d93dcdef9', 'batched', 'done', clock_timestamp())
ON CONFLICT (revision, direction, step) DO UPDATE SET state = 'done', checksum = excluded.checksum, mode = excluded.mode, done_at = excluded.done_at;
COMMIT;

BEGIN;
/* retort:migrate.step */
INSERT INTO "retort_revisions_journal" (revision, direction, step, checksum, mode, state) VALUES ('c', 'up', '2'::integer, '6e4e51af8ac1f73d67dde73f8868bb129245a43c7d1b72338ad4eb96efacf816', 'outside', 'started')
ON CONFLICT (revision, direction, step) DO UPDATE SET checksum = excluded.checksum, mode = excluded.mode;
COMMIT;

VACUUM books;

BEGIN;
/* retort:migrate.step */
INSERT INTO "retort_revisions_journal" (revision, direction, step, checksum, mode, state, done_at) VALUES ('c', 'up', '2'::integer, '6e4e51af8ac1f73d67dde73f8868bb129245a43c7d1b72338ad4eb96efacf816', 'outside', 'done', clock_timestamp())
ON CONFLICT (revision, direction, step) DO UPDATE SET state = 'done', checksum = excluded.checksum, mode = excluded.mode, done_at = excluded.done_at;
/* retort:migrate.end */
UPDATE "retort_revisions" SET state = 'applied', parents = string_to_array('b', ' '), message = 'make c', checksum = 'a942d9af22c0d742018f646766a56732edaf83ee1b62e2e9cb804b93fb04a05d', changed_at = clock_timestamp(), duration_ms = '0'::bigint
WHERE id = 'c';
/* retort:migrate.end */
INSERT INTO "retort_revisions_log" (revision, action, checksum, done_by, duration_ms) VALUES ('c', 'up', 'a942d9af22c0d742018f646766a56732edaf83ee1b62e2e9cb804b93fb04a05d', coalesce(nullif('o''hara $1', ''), session_user), '0'::bigint);
COMMIT;

-- 3 revisions down, from c to base.
-- Run it alone, and with ON_ERROR_STOP: psql -v ON_ERROR_STOP=1 -f FILE

SET lock_timeout = 1000;
SET statement_timeout = 0;

-- down c: make c
BEGIN;
DO 'BEGIN
    IF NOT EXISTS (SELECT FROM "retort_revisions" WHERE id = ''c'') THEN
        RAISE EXCEPTION ''migrate: revision c is not applied'';
    END IF;
END';
/* retort:migrate.start */ DELETE FROM "retort_revisions_journal" WHERE revision = 'c';
/* retort:migrate.start */
INSERT INTO "retort_revisions" AS r (id, parents, message, checksum, state, changed_by)
VALUES ('c', string_to_array('b', ' '), 'make c', 'a942d9af22c0d742018f646766a56732edaf83ee1b62e2e9cb804b93fb04a05d', 'downgrading', coalesce(nullif('o''hara $1', ''), session_user))
ON CONFLICT (id) DO UPDATE SET state = excluded.state, changed_by = excluded.changed_by, changed_at = excluded.changed_at;
UPDATE books SET price = NULL;
/* retort:migrate.step */
INSERT INTO "retort_revisions_journal" (revision, direction, step, checksum, mode, state, done_at) VALUES ('c', 'down', '1'::integer, 'cffcde6e8fe3df3a2dd2f949e721d744f8032f9a68e1e65b8740509c5d6b8c31', 'together', 'done', clock_timestamp())
ON CONFLICT (revision, direction, step) DO UPDATE SET state = 'done', checksum = excluded.checksum, mode = excluded.mode, done_at = excluded.done_at;
/* retort:migrate.end */ DELETE FROM "retort_revisions" WHERE id = 'c';
/* retort:migrate.end */
INSERT INTO "retort_revisions_log" (revision, action, checksum, done_by, duration_ms) VALUES ('c', 'down', 'a942d9af22c0d742018f646766a56732edaf83ee1b62e2e9cb804b93fb04a05d', coalesce(nullif('o''hara $1', ''), session_user), '0'::bigint);
COMMIT;

-- down b: make b
BEGIN;
DO 'BEGIN
    IF NOT EXISTS (SELECT FROM "retort_revisions" WHERE id = ''b'') THEN
        RAISE EXCEPTION ''migrate: revision b is not applied'';
    END IF;
END';
/* retort:migrate.start */ DELETE FROM "retort_revisions_journal" WHERE revision = 'b';
/* retort:migrate.start */
INSERT INTO "retort_revisions" AS r (id, parents, message, checksum, state, changed_by)
VALUES ('b', string_to_array('a', ' '), 'make b', '8080bea40721e76050b52c60648071914a69eec656d8692b2fd9316fe414dbad', 'downgrading', coalesce(nullif('o''hara $1', ''), session_user))
ON CONFLICT (id) DO UPDATE SET state = excluded.state, changed_by = excluded.changed_by, changed_at = excluded.changed_at;
ALTER TABLE books DROP CONSTRAINT ck;
/* retort:migrate.step */
INSERT INTO "retort_revisions_journal" (revision, direction, step, checksum, mode, state, done_at) VALUES ('b', 'down', '1'::integer, '0672b534a586a56e38eef2aab5e9d366db159601b55818f355257e8ebd7f0c87', 'together', 'done', clock_timestamp())
ON CONFLICT (revision, direction, step) DO UPDATE SET state = 'done', checksum = excluded.checksum, mode = excluded.mode, done_at = excluded.done_at;
/* retort:migrate.step */
INSERT INTO "retort_revisions_journal" (revision, direction, step, checksum, mode, state) VALUES ('b', 'down', '2'::integer, '0dd4300f39e46944f328295370bb69ef4da8cb134882c62eaf1e5e8e2e906c7b', 'outside', 'started')
ON CONFLICT (revision, direction, step) DO UPDATE SET checksum = excluded.checksum, mode = excluded.mode;
COMMIT;

DROP INDEX CONCURRENTLY ix_books_price;

BEGIN;
/* retort:migrate.step */
INSERT INTO "retort_revisions_journal" (revision, direction, step, checksum, mode, state, done_at) VALUES ('b', 'down', '2'::integer, '0dd4300f39e46944f328295370bb69ef4da8cb134882c62eaf1e5e8e2e906c7b', 'outside', 'done', clock_timestamp())
ON CONFLICT (revision, direction, step) DO UPDATE SET state = 'done', checksum = excluded.checksum, mode = excluded.mode, done_at = excluded.done_at;
COMMIT;

BEGIN;
ALTER TABLE books DROP COLUMN price;
/* retort:migrate.step */
INSERT INTO "retort_revisions_journal" (revision, direction, step, checksum, mode, state, done_at) VALUES ('b', 'down', '3'::integer, 'a4dd24e8d29ec07f60181e5ce60e7c743994396293966c1529f3ff0f4e3c0305', 'together', 'done', clock_timestamp())
ON CONFLICT (revision, direction, step) DO UPDATE SET state = 'done', checksum = excluded.checksum, mode = excluded.mode, done_at = excluded.done_at;
/* retort:migrate.end */ DELETE FROM "retort_revisions" WHERE id = 'b';
/* retort:migrate.end */
INSERT INTO "retort_revisions_log" (revision, action, checksum, done_by, duration_ms) VALUES ('b', 'down', '8080bea40721e76050b52c60648071914a69eec656d8692b2fd9316fe414dbad', coalesce(nullif('o''hara $1', ''), session_user), '0'::bigint);
COMMIT;

-- down a: make a
BEGIN;
DO 'BEGIN
    IF NOT EXISTS (SELECT FROM "retort_revisions" WHERE id = ''a'') THEN
        RAISE EXCEPTION ''migrate: revision a is not applied'';
    END IF;
END';
/* retort:migrate.start */ DELETE FROM "retort_revisions_journal" WHERE revision = 'a';
/* retort:migrate.start */
INSERT INTO "retort_revisions" AS r (id, parents, message, checksum, state, changed_by)
VALUES ('a', string_to_array('', ' '), 'make a', '455513ea3fa0715a253250e6586ad47ec70324cdb9dd7b1c67db8a02d30ea0a4', 'downgrading', coalesce(nullif('o''hara $1', ''), session_user))
ON CONFLICT (id) DO UPDATE SET state = excluded.state, changed_by = excluded.changed_by, changed_at = excluded.changed_at;
DROP TABLE books;
/* retort:migrate.step */
INSERT INTO "retort_revisions_journal" (revision, direction, step, checksum, mode, state, done_at) VALUES ('a', 'down', '1'::integer, 'd601af446abd2867567b721a6c70829093ba0001bdfa60ca587e61eb25c3abf3', 'together', 'done', clock_timestamp())
ON CONFLICT (revision, direction, step) DO UPDATE SET state = 'done', checksum = excluded.checksum, mode = excluded.mode, done_at = excluded.done_at;
/* retort:migrate.end */ DELETE FROM "retort_revisions" WHERE id = 'a';
/* retort:migrate.end */
INSERT INTO "retort_revisions_log" (revision, action, checksum, done_by, duration_ms) VALUES ('a', 'down', '455513ea3fa0715a253250e6586ad47ec70324cdb9dd7b1c67db8a02d30ea0a4', coalesce(nullif('o''hara $1', ''), session_user), '0'::bigint);
COMMIT;

CREATE SCHEMA audit;
COMMENT ON SCHEMA audit IS 'Who did what';
CREATE EXTENSION hstore;
CREATE TYPE mood AS ENUM ('sad', 'it''s ok', 'happy');
CREATE DOMAIN email AS text COLLATE "C" NOT NULL DEFAULT 'a@b' CHECK (VALUE LIKE '%@%');
CREATE TYPE address AS (street text, number int);
CREATE TYPE floats AS RANGE (SUBTYPE = float8, SUBTYPE_DIFF = float8mi);
CREATE SEQUENCE audit.ticket AS int START 10 INCREMENT 5 CYCLE;
CREATE FUNCTION twice(n int DEFAULT 1) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT n * 2';
CREATE PROCEDURE nothing() LANGUAGE sql AS '';
CREATE AGGREGATE total(int) (SFUNC = int4pl, STYPE = int, INITCOND = '0');
CREATE FUNCTION stamp() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RETURN new; END$$;

CREATE TABLE people (
  id bigint GENERATED ALWAYS AS IDENTITY (START 100 INCREMENT 10) PRIMARY KEY,
  old serial,
  name text COLLATE "C" NOT NULL DEFAULT 'no one',
  mail email,
  mood mood DEFAULT 'happy',
  moods mood[],
  home address,
  width int,
  area int GENERATED ALWAYS AS (width * width) STORED,
  doubled int DEFAULT twice(4),
  data jsonb,
  CONSTRAINT people_width CHECK (width > 0) NO INHERIT,
  CONSTRAINT people_name UNIQUE NULLS NOT DISTINCT (name) INCLUDE (width) DEFERRABLE INITIALLY DEFERRED
) WITH (fillfactor = 70, toast.autovacuum_enabled = false);
ALTER TABLE people ALTER data SET STORAGE EXTERNAL, REPLICA IDENTITY FULL;
COMMENT ON TABLE people IS 'Two
lines';
COMMENT ON COLUMN people.name IS 'It''s a name';
CREATE INDEX people_lower ON people USING btree (lower(name) text_pattern_ops DESC NULLS LAST, width) INCLUDE (area) WITH (fillfactor = 50) WHERE width > 3;
CREATE UNIQUE INDEX people_mail ON people (mail) NULLS NOT DISTINCT;
CREATE INDEX people_bad ON people USING gin (data);
UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'people_bad'::regclass;
CREATE TRIGGER people_stamp BEFORE UPDATE OF name ON people FOR EACH ROW WHEN (old.name <> ' ON people ') EXECUTE FUNCTION stamp('x');
ALTER TABLE people DISABLE TRIGGER people_stamp;
ALTER TABLE people ENABLE ROW LEVEL SECURITY;
CREATE POLICY mine ON people AS RESTRICTIVE FOR UPDATE TO public USING (width > 1) WITH CHECK (width > 2);

CREATE UNLOGGED TABLE audit.entries (
  person bigint REFERENCES people ON DELETE CASCADE ON UPDATE SET NULL DEFERRABLE,
  during tstzrange,
  CONSTRAINT once EXCLUDE USING gist (during WITH &&) WHERE (person > 0)
);
ALTER TABLE audit.entries ADD CONSTRAINT later CHECK (person > 0) NOT VALID;
CREATE TABLE audit.more (note text) INHERITS (audit.entries);

CREATE TABLE events (id int, at date, PRIMARY KEY (id, at)) PARTITION BY RANGE (at);
CREATE TABLE events_2024 PARTITION OF events FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
CREATE INDEX events_at ON events (at);

CREATE VIEW loud WITH (security_barrier) AS SELECT id, upper(name) AS name FROM people;
CREATE VIEW louder AS SELECT name || '!' AS name FROM loud;
CREATE MATERIALIZED VIEW counts AS SELECT count(*) AS n FROM louder;
CREATE UNIQUE INDEX counts_n ON counts (n);
CREATE FUNCTION everybody() RETURNS SETOF people LANGUAGE sql STABLE BEGIN ATOMIC SELECT * FROM people; END;

GRANT SELECT ON people TO public;
GRANT UPDATE (name) ON people TO pg_monitor WITH GRANT OPTION;
GRANT USAGE ON SCHEMA audit TO public;
CREATE TEMPORARY TABLE passing (id int);

-- The tables of the bench, like the origins' models: uuid keys, timestamps by
-- the server, a unique address, a jsonb document.
CREATE TABLE users (
  id         uuid        CONSTRAINT pk_users PRIMARY KEY,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  email      text        NOT NULL CONSTRAINT uq_users_email UNIQUE,
  name       text        NOT NULL,
  status     text        NOT NULL,
  age        integer     NOT NULL,
  segment    integer     NOT NULL,
  note       text,
  profile    jsonb       NOT NULL
);
CREATE INDEX ix_users_status_created_at ON users (status, created_at);
CREATE INDEX ix_users_segment ON users (segment);

CREATE TABLE orders (
  id         uuid        CONSTRAINT pk_orders PRIMARY KEY,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  user_id    uuid        NOT NULL CONSTRAINT fk_orders_user_id_users REFERENCES users (id),
  item       text        NOT NULL,
  quantity   integer     NOT NULL,
  price      bigint      NOT NULL
);
CREATE INDEX ix_orders_user_id ON orders (user_id);

CREATE TABLE events (
  id         uuid        CONSTRAINT pk_events PRIMARY KEY,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  kind       text        NOT NULL,
  amount     bigint      NOT NULL,
  body       jsonb       NOT NULL
);

-- For the entrant that keeps a row for each COMMIT.
CREATE TABLE commit_outcomes (
  id        uuid        PRIMARY KEY,
  committed boolean     NOT NULL,
  at        timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX ON commit_outcomes (at);

-- 1,920 users, which 32 clients can share without meeting, in 96 segments of
-- 20, with 20 orders each. Package peers knows these formulas, too.
INSERT INTO users (id, created_at, updated_at, email, name, status, age, segment, note, profile)
SELECT format('00000000-0000-7000-8000-%s', lpad(to_hex(i), 12, '0'))::uuid,
       timestamptz '2026-01-01 00:00:00.123456Z' + i * interval '1 minute',
       timestamptz '2026-01-01 00:00:00.123456Z' + i * interval '1 minute',
       format('user-%s@example.org', i),
       format('User number %s', i),
       (ARRAY['open','active','paused','closed','banned'])[1 + i % 5],
       18 + i % 50,
       i % 96,
       CASE WHEN i % 3 > 0 THEN format('A note about user %s, as long as notes are.', i) END,
       jsonb_build_object('language', (ARRAY['en','de','fr'])[1 + i % 3], 'newsletter', i % 2 = 0,
                          'tags', jsonb_build_array('tag-' || i % 7, 'tag-' || i % 11))
FROM generate_series(0, 1919) i;

INSERT INTO orders (id, created_at, updated_at, user_id, item, quantity, price)
SELECT format('00000000-0000-7001-8000-%s', lpad(to_hex(i * 20 + k), 12, '0'))::uuid,
       timestamptz '2026-02-01 00:00:00.654321Z' + (i * 20 + k) * interval '1 second',
       timestamptz '2026-02-01 00:00:00.654321Z' + (i * 20 + k) * interval '1 second',
       format('00000000-0000-7000-8000-%s', lpad(to_hex(i), 12, '0'))::uuid,
       format('Item %s', k), 1 + k % 5, 100 + (i + k) % 900
FROM generate_series(0, 1919) i, generate_series(0, 19) k;

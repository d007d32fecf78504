-- revision: 91b0c6d2f7aa
-- parents:
-- message: make requests
-- created: 2026-11-20T08:00:00Z

-- +up

CREATE TABLE requests (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    email text NOT NULL
);

-- +down

DROP TABLE requests;

-- revision: 4f1d20c97a3e
-- parents: 91b0c6d2f7aa
-- message: add due date
-- created: 2026-11-23T08:00:00Z

-- +up

ALTER TABLE requests ADD COLUMN due_at timestamptz;

-- +batched SELECT count(*) FROM requests WHERE due_at IS NULL
UPDATE requests SET due_at = now() + interval '30 days'
WHERE id IN (SELECT id FROM requests WHERE due_at IS NULL ORDER BY id LIMIT 1000);

-- +outside
CREATE INDEX CONCURRENTLY ix_requests_due_at ON requests (due_at);

-- +down

-- +outside
DROP INDEX CONCURRENTLY ix_requests_due_at;

ALTER TABLE requests DROP COLUMN due_at;

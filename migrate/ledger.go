package migrate

import (
	"strings"

	"github.com/retort-go/retort/internal/sqltext"
)

// ledgerFormat is the shape of the ledger's tables. A runner refuses a ledger of a
// higher number, which a newer one has written.
const ledgerFormat = "1"

// LedgerComment is the comment on each of the ledger's tables, by which tools know
// them under whatever name they have.
const LedgerComment = "retort: the ledger of migrations"

// ledger is the SQL on the ledger's tables; every name in it is quoted.
type ledger struct {
	revisions, journal, log, lease string // qualified

	create []string

	readRevisions, readJournal, readLog, readLease string

	// The lock.
	fillLease, fence, lockLease, takeLease, renewLease, watchLease, settleLease, freeLease string

	// A revision: start, each step, end.
	start, forgetJournal, done, started, progress, applied, gone, logged string

	stamp, unstamp, checksum, stepChecksum, forgetSteps string
}

// newLedger writes the texts for the tables of o.
func newLedger(o *Options) *ledger {
	name := func(suffix string) string { return sqltext.Qualified(o.Schema, o.Name+suffix) }
	l := &ledger{revisions: name(""), journal: name("_journal"), log: name("_log"), lease: name("_lease")}
	fill := strings.NewReplacer("{revisions}", l.revisions, "{journal}", l.journal, "{log}", l.log, "{lease}", l.lease,
		"{format}", ledgerFormat, "{comment}", sqltext.Literal(LedgerComment)).Replace
	for _, text := range createSQL {
		l.create = append(l.create, fill("/* retort:migrate.create */ "+text))
	}
	for to, text := range map[*string]string{
		&l.readRevisions: readRevisionsSQL, &l.readJournal: readJournalSQL, &l.readLog: readLogSQL, &l.readLease: readLeaseSQL,
		&l.fillLease: fillLeaseSQL, &l.fence: fenceSQL, &l.lockLease: lockLeaseSQL, &l.takeLease: takeLeaseSQL, &l.renewLease: renewLeaseSQL, &l.freeLease: freeLeaseSQL, &l.watchLease: watchLeaseSQL, &l.settleLease: settleLeaseSQL,
		&l.start: startSQL, &l.forgetJournal: forgetJournalSQL, &l.done: doneSQL, &l.started: startedSQL, &l.progress: progressSQL,
		&l.applied: appliedSQL, &l.gone: goneSQL, &l.logged: loggedSQL,
		&l.stamp: stampSQL, &l.unstamp: unstampSQL, &l.checksum: checksumSQL, &l.stepChecksum: stepChecksumSQL, &l.forgetSteps: forgetStepsSQL,
	} {
		*to = fill(text)
	}
	return l
}

// in is the ledger's SQL with its schema in it, for transactions in which a revision may
// have set another search_path.
func (l *ledger) in(o *Options, schema string) *ledger {
	if o.Schema != "" || schema == "" {
		return l
	}
	qualified := *o
	qualified.Schema = schema
	return newLedger(&qualified)
}

// createSQL makes the tables. The lease's token has a unique index, so that taking
// the lease over conflicts with a step's FOR KEY SHARE, and renewing it does not.
var createSQL = []string{
	`CREATE TABLE {revisions} (
    id text PRIMARY KEY,
    parents text[] NOT NULL,
    message text NOT NULL,
    checksum text NOT NULL,
    state text NOT NULL CHECK (state IN ('applied', 'upgrading', 'downgrading')),
    changed_by text NOT NULL,
    changed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    duration_ms bigint NOT NULL DEFAULT 0
)`,
	`CREATE TABLE {journal} (
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
)`,
	`CREATE TABLE {log} (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    revision text NOT NULL,
    action text NOT NULL,
    checksum text NOT NULL,
    done_by text NOT NULL,
    done_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    duration_ms bigint NOT NULL
)`,
	`CREATE TABLE {lease} (
    slot smallint PRIMARY KEY DEFAULT 1 CHECK (slot = 1),
    format integer NOT NULL DEFAULT {format},
    token text UNIQUE,
    holder text NOT NULL DEFAULT '',
    pid integer NOT NULL DEFAULT 0,
    watched boolean NOT NULL DEFAULT false,
    acquired_at timestamptz,
    expires_at timestamptz
)`,
	`INSERT INTO {lease} DEFAULT VALUES`,
	`COMMENT ON TABLE {revisions} IS {comment}`,
	`COMMENT ON TABLE {journal} IS {comment}`,
	`COMMENT ON TABLE {log} IS {comment}`,
	`COMMENT ON TABLE {lease} IS {comment}`,
}

const (
	readRevisionsSQL = `/* retort:migrate.read */
SELECT id, array_to_string(parents, ' '), message, checksum, state, changed_by,
       to_char(changed_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), duration_ms::text
FROM {revisions} ORDER BY changed_at, id`

	readJournalSQL = `/* retort:migrate.read */
SELECT revision, direction, step::text, checksum, mode, state, rows::text, total::text, cursor
FROM {journal} ORDER BY revision, direction, step`

	readLogSQL = `/* retort:migrate.read */
SELECT revision, action, checksum, done_by, to_char(done_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), duration_ms::text
FROM {log} ORDER BY id`

	readLeaseSQL = `/* retort:migrate.read */
SELECT format::text, coalesce(token, ''), holder, pid::text, watched::text, (coalesce(expires_at, '-infinity') > clock_timestamp())::text,
       coalesce((extract(epoch FROM clock_timestamp() - acquired_at) * 1000)::bigint, 0)::text
FROM {lease}`

	fillLeaseSQL = `/* retort:migrate.create */ INSERT INTO {lease} DEFAULT VALUES ON CONFLICT DO NOTHING`

	fenceSQL = `/* retort:migrate.fence */ SELECT slot FROM {lease} WHERE slot = 1 AND token = $1 FOR KEY SHARE`

	lockLeaseSQL = `/* retort:migrate.lock */ SELECT slot FROM {lease}
WHERE slot = 1 AND (token IS NULL OR expires_at <= clock_timestamp() OR watched AND $1::boolean) FOR UPDATE SKIP LOCKED`

	takeLeaseSQL = `/* retort:migrate.lock */ UPDATE {lease}
SET token = $1, holder = coalesce(nullif($2, ''), session_user), pid = $3::integer, watched = $4::boolean, acquired_at = clock_timestamp(),
    expires_at = clock_timestamp() + $5::bigint * interval '1 millisecond'
WHERE slot = 1`

	renewLeaseSQL = `/* retort:migrate.renew */ UPDATE {lease}
SET expires_at = clock_timestamp() + $2::bigint * interval '1 millisecond' WHERE slot = 1 AND token = $1`

	watchLeaseSQL = `/* retort:migrate.lock */ UPDATE {lease} SET watched = true WHERE slot = 1 AND token = $1`

	settleLeaseSQL = `/* retort:migrate.settle */ SELECT slot FROM {lease} WHERE slot = 1 AND token = $1 FOR UPDATE`

	freeLeaseSQL = `/* retort:migrate.unlock */ UPDATE {lease} SET token = NULL, expires_at = NULL WHERE slot = 1 AND token = $1`

	startSQL = `/* retort:migrate.start */
INSERT INTO {revisions} AS r (id, parents, message, checksum, state, changed_by)
VALUES ($1, string_to_array($2, ' '), $3, $4, $5, coalesce(nullif($6, ''), session_user))
ON CONFLICT (id) DO UPDATE SET state = excluded.state, changed_by = excluded.changed_by, changed_at = excluded.changed_at`

	forgetJournalSQL = `/* retort:migrate.start */ DELETE FROM {journal} WHERE revision = $1`

	startedSQL = `/* retort:migrate.step */
INSERT INTO {journal} (revision, direction, step, checksum, mode, state) VALUES ($1, $2, $3::integer, $4, $5, 'started')
ON CONFLICT (revision, direction, step) DO UPDATE SET checksum = excluded.checksum, mode = excluded.mode`

	doneSQL = `/* retort:migrate.step */
INSERT INTO {journal} (revision, direction, step, checksum, mode, state, done_at) VALUES ($1, $2, $3::integer, $4, $5, 'done', clock_timestamp())
ON CONFLICT (revision, direction, step) DO UPDATE SET state = 'done', checksum = excluded.checksum, mode = excluded.mode, done_at = excluded.done_at`

	progressSQL = `/* retort:migrate.step */
UPDATE {journal} SET rows = $4::bigint, total = $5::bigint, cursor = $6 WHERE revision = $1 AND direction = $2 AND step = $3::integer`

	appliedSQL = `/* retort:migrate.end */
UPDATE {revisions} SET state = 'applied', parents = string_to_array($2, ' '), message = $3, checksum = $4, changed_at = clock_timestamp(), duration_ms = $5::bigint
WHERE id = $1`

	goneSQL = `/* retort:migrate.end */ DELETE FROM {revisions} WHERE id = $1`

	loggedSQL = `/* retort:migrate.end */
INSERT INTO {log} (revision, action, checksum, done_by, duration_ms) VALUES ($1, $2, $3, coalesce(nullif($4, ''), session_user), $5::bigint)`

	stampSQL = `/* retort:migrate.stamp */
INSERT INTO {revisions} (id, parents, message, checksum, state, changed_by)
VALUES ($1, string_to_array($2, ' '), $3, $4, 'applied', coalesce(nullif($5, ''), session_user))
ON CONFLICT (id) DO UPDATE SET state = 'applied', parents = excluded.parents, message = excluded.message, checksum = excluded.checksum,
    changed_by = excluded.changed_by, changed_at = clock_timestamp()`

	unstampSQL = `/* retort:migrate.stamp */ DELETE FROM {revisions} WHERE id = $1`

	checksumSQL = `/* retort:migrate.repair */ UPDATE {revisions} SET checksum = $2, parents = string_to_array($3, ' '), message = $4 WHERE id = $1`

	stepChecksumSQL = `/* retort:migrate.repair */ UPDATE {journal} SET checksum = $4 WHERE revision = $1 AND direction = $2 AND step = $3::integer`

	forgetStepsSQL = `/* retort:migrate.repair */ DELETE FROM {journal} WHERE revision = $1 AND direction = $2 AND step > $3::integer`
)

package model

import (
	"fmt"

	"github.com/retort-go/retort"
)

// objects returns the functions and triggers.
func objects() []retort.SQLObject {
	out := []retort.SQLObject{
		retort.Function("dsr_refuse_change", "", refuseChange),
		retort.Function("dsr_status_matches_history", "", statusMatches),
		retort.Trigger("dsr_requests_match_history", "dsr_requests", requestMatchesTrigger),
		retort.Trigger("dsr_status_history_matches_request", "dsr_status_history", historyMatchesTrigger),
	}
	for _, table := range []string{"dsr_status_history", "audit_log"} {
		out = append(out,
			retort.Trigger(table+"_rows_stay", table, fmt.Sprintf(
				`CREATE TRIGGER %[1]s_rows_stay
BEFORE UPDATE OR DELETE ON %[1]s
FOR EACH ROW EXECUTE FUNCTION dsr_refuse_change()`, table)),
			// Row triggers do not see TRUNCATE.
			retort.Trigger(table+"_stays", table, fmt.Sprintf(
				`CREATE TRIGGER %[1]s_stays
BEFORE TRUNCATE ON %[1]s
FOR EACH STATEMENT EXECUTE FUNCTION dsr_refuse_change()`, table)),
		)
	}
	return out
}

const refuseChange = `CREATE FUNCTION dsr_refuse_change() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
	RAISE EXCEPTION '% refuses %: its rows are evidence', TG_TABLE_NAME, TG_OP
		USING ERRCODE = 'restrict_violation', TABLE = TG_TABLE_NAME, CONSTRAINT = TG_NAME;
END
$$`

// statusMatches compares, at COMMIT, a request with its newest history row. It
// reads the request anew: the row it is fired for may have changed again since.
const statusMatches = `CREATE FUNCTION dsr_status_matches_history() RETURNS trigger
LANGUAGE plpgsql AS $$
DECLARE
	request uuid;
BEGIN
	IF TG_TABLE_NAME = 'dsr_requests' THEN
		request := NEW.id;
	ELSE
		request := NEW.request_id;
	END IF;
	IF EXISTS (
		SELECT FROM dsr_requests r
		WHERE r.id = request
		AND NOT EXISTS (
			SELECT FROM (
				SELECT h.seq, h.to_status
				FROM dsr_status_history h
				WHERE h.request_id = r.id
				ORDER BY h.seq DESC
				LIMIT 1
			) newest
			WHERE newest.seq = r.last_seq AND newest.to_status = r.status
		)
	) THEN
		RAISE EXCEPTION 'the status of a request is not that of its newest history row'
			USING ERRCODE = 'check_violation', TABLE = TG_TABLE_NAME,
				CONSTRAINT = '` + StatusMatches + `';
	END IF;
	RETURN NULL;
END
$$`

// Deferred, because a request and its history row are written one after the other.
const (
	requestMatchesTrigger = `CREATE CONSTRAINT TRIGGER dsr_requests_match_history
AFTER INSERT OR UPDATE OF status, last_seq ON dsr_requests
DEFERRABLE INITIALLY DEFERRED
FOR EACH ROW EXECUTE FUNCTION dsr_status_matches_history()`

	historyMatchesTrigger = `CREATE CONSTRAINT TRIGGER dsr_status_history_matches_request
AFTER INSERT ON dsr_status_history
DEFERRABLE INITIALLY DEFERRED
FOR EACH ROW EXECUTE FUNCTION dsr_status_matches_history()`
)

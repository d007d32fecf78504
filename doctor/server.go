package doctor

import (
	"fmt"
	"net/netip"
	"strconv"
)

// Each result column is text, as Engine.Snapshot asks.
const serverSQL = `/* retort:doctor */ SELECT
  pg_catalog.current_setting('server_version'), pg_catalog.current_setting('server_version_num'),
  pg_catalog.pg_is_in_recovery()::text, pg_catalog.current_setting('default_transaction_read_only'),
  pg_catalog.current_setting('server_encoding'), pg_catalog.current_database()::text,
  coalesce(pg_catalog.current_schema()::text, ''),
  pg_catalog.current_setting('fsync'), pg_catalog.current_setting('full_page_writes'),
  pg_catalog.current_setting('synchronous_commit'), pg_catalog.current_setting('autovacuum'),
  coalesce((SELECT s.ssl::text FROM pg_catalog.pg_stat_ssl s WHERE s.pid = pg_catalog.pg_backend_pid()), ''),
  coalesce(pg_catalog.host(pg_catalog.inet_client_addr()), '')`

// oldest is the oldest major version that Retort supports; from sound on, its indexes
// that are built beside writes are right, which those of 14.0 to 14.3 may not be.
const (
	oldest = 14
	sound  = 140004
)

// serverFindings judges the row of serverSQL.
func serverFindings(row []string) []Finding {
	version, number, standby, readOnly, encoding, database, schema := row[0], row[1], row[2], row[3], row[4], row[5], row[6]
	all := []Finding{{OK, "server", fmt.Sprintf("PostgreSQL %s, database %s, schema %s, %s", version, database, schema, encoding), ""}}
	if n, err := strconv.Atoi(number); err != nil || n < oldest*10000 {
		all[0].State, all[0].Do = Wrong, fmt.Sprintf("Retort needs PostgreSQL %d or newer", oldest)
	} else if n < sound {
		all[0].State, all[0].Do = Wrong, "CREATE INDEX CONCURRENTLY and REINDEX CONCURRENTLY may leave rows out before 14.4: update the server, and rebuild the indexes made so"
	}
	if schema == "" {
		all = append(all, Finding{Wrong, "schema", "no schema of search_path exists, so nothing can be created", "CREATE SCHEMA, or set search_path for the role"})
	}
	if encoding != "UTF8" {
		all = append(all, Finding{Note, "encoding", "the database stores " + encoding + ": texts that it has no bytes for are refused", "make new databases with ENCODING 'UTF8'"})
	}
	switch {
	case standby == "true":
		all = append(all, Finding{Wrong, "writing", "this is a standby: it takes no writes", "connect to the primary; target_session_attrs=read-write in the URL finds it"})
	case readOnly == "on":
		all = append(all, Finding{Wrong, "writing", "transactions are read-only by default", "ALTER ROLE … RESET default_transaction_read_only, or use another role"})
	default:
		all = append(all, Finding{OK, "writing", "the server takes writes", ""})
	}
	all = append(all, durability(row[7], row[8], row[9], row[10])...)
	return append(all, encryption(row[11], row[12])...)
}

// durability judges what a crash would cost.
func durability(fsync, fullPages, synchronous, vacuum string) []Finding {
	var all []Finding
	if fsync == "off" || fullPages == "off" {
		all = append(all, Finding{Note, "durability", "fsync is " + fsync + ", full_page_writes is " + fullPages + ": a crash can destroy the database", "turn both on wherever the data matters"})
	}
	if synchronous == "off" {
		all = append(all, Finding{Note, "durability", "synchronous_commit is off: a crash loses commits that were acknowledged", "ALTER ROLE … SET synchronous_commit = on, where that is not meant"})
	}
	if vacuum == "off" {
		all = append(all, Finding{Note, "durability", "autovacuum is off: tables grow, and in the end nothing can be written", "turn it on"})
	}
	if len(all) == 0 {
		all = append(all, Finding{OK, "durability", "what is committed survives a crash", ""})
	}
	return all
}

// encryption judges the way to the server; a pooler's is not seen.
func encryption(encrypted, client string) []Finding {
	addr, err := netip.ParseAddr(client)
	switch {
	case encrypted == "true":
		return []Finding{{OK, "encryption", "the connection is encrypted", ""}}
	case err != nil || addr.IsLoopback(): // a Unix socket has no address
		return []Finding{{OK, "encryption", "the connection does not leave the machine", ""}}
	case addr.IsPrivate():
		return []Finding{{Note, "encryption", "the connection is plain text, in a private network", "sslmode=verify-full in the URL, where others can listen"}}
	default:
		return []Finding{{Wrong, "encryption", "the connection is plain text, from " + client, "sslmode=verify-full in the URL, and TLS at the server"}}
	}
}

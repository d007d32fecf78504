package doctor

import (
	"strings"
	"testing"
)

// TestServerFindings judges answers that no server of this machine gives.
func TestServerFindings(t *testing.T) {
	t.Parallel()
	// As serverSQL asks: version, number, standby, read-only, encoding, database,
	// schema, fsync, full_page_writes, synchronous_commit, autovacuum, TLS, client.
	well := []string{"15.18", "150018", "false", "off", "UTF8", "shop", "public", "on", "on", "on", "on", "false", "127.0.0.1"}
	for _, c := range []struct {
		name   string
		column int
		value  string
		want   string
	}{
		{"a public address without TLS", 12, "203.0.113.7", "wrong: encryption: the connection is plain text, from 203.0.113.7"},
		{"a public address of IPv6", 12, "2001:db8::7", "wrong: encryption: the connection is plain text, from 2001:db8::7"},
		{"a private address", 12, "10.1.2.3", "note: encryption: the connection is plain text, in a private network"},
		{"a private address of IPv6", 12, "fd00::2", "note: encryption: the connection is plain text, in a private network"},
		{"this machine", 12, "::1", "ok: encryption: the connection does not leave the machine"},
		{"a Unix socket", 12, "", "ok: encryption: the connection does not leave the machine"},
		{"TLS", 11, "true", "ok: encryption: the connection is encrypted"},
		{"an old server", 1, "130020", "wrong: server: PostgreSQL 15.18"},
		{"a number that is none", 1, "new", "wrong: server: PostgreSQL 15.18"},
		{"another encoding", 4, "LATIN1", "note: encoding: the database stores LATIN1"},
		{"no schema", 6, "", "wrong: schema: no schema of search_path exists"},
		{"a standby", 2, "true", "wrong: writing: this is a standby"},
		{"no fsync", 7, "off", "note: durability: fsync is off, full_page_writes is on"},
		{"no full pages", 8, "off", "note: durability: fsync is on, full_page_writes is off"},
		{"no autovacuum", 10, "off", "note: durability: autovacuum is off"},
	} {
		row := append([]string(nil), well...)
		row[c.column] = c.value
		found := false
		for _, f := range serverFindings(row) {
			found = found || strings.HasPrefix(f.String(), c.want)
			if f.State != OK && f.Do == "" {
				t.Errorf("%s: without a remedy: %s", c.name, f)
			}
		}
		if !found {
			t.Errorf("%s: no %q among %v", c.name, c.want, serverFindings(row))
		}
	}
	for _, f := range serverFindings(well) { // the control
		if f.State != OK {
			t.Errorf("what is well is not: %s", f)
		}
	}
	row := append([]string(nil), well...)
	row[11], row[12] = "true", "203.0.113.7"
	if got := serverFindings(row); got[len(got)-1].State != OK {
		t.Errorf("TLS on a public address: %v", got)
	}
}

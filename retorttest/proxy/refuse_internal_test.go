package proxy

import "testing"

func TestIsCommit(t *testing.T) {
	t.Parallel()
	for sql, want := range map[string]bool{
		"COMMIT": true, "commit;": true, " /* retort:flight.commit */ COMMIT": true, "end": true, "COMMIT WORK": true,
		"/* a */ /* b */\nEND TRANSACTION ;": true,
		"":                                   false, "COMMIT PREPARED 'x'": false, "COMMIT AND CHAIN": false, "INSERT; COMMIT": false,
		"/* COMMIT": false, "SELECT 'COMMIT'": false, "COMMIT; SELECT 1": false,
	} {
		if got := isCommit(sql); got != want {
			t.Errorf("%q: %t", sql, got)
		}
	}
}

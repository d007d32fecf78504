package retort_test

import (
	"testing"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/retorttest"
)

// TestRaw_says_what_parameters_are: with ? for one the server speaks of a syntax error
// somewhere, and of an operator where another value follows.
func TestRaw_says_what_parameters_are(t *testing.T) {
	t.Parallel()
	k := retorttest.New(t, library)
	s := k.Engine.Session()
	defer s.Close(t.Context())
	for _, sql := range []string{"SELECT name FROM authors WHERE name = ?", "SELECT ? || '$', $$x$$", "SELECT 'a'"} {
		_, err := retort.SQL[string](sql, "s3cret").ReadOnly().All(t.Context(), s)
		wantErr(t, err, nil, "retort: SQL: arguments: 1 given, and no $1 in the text", "never ?")
	}
	if _, err := s.Exec(t.Context(), "SELECT '{}'::jsonb ? $1", "key"); err != nil {
		t.Error(err)
	}
}

package flight

import "testing"

func TestSavepointOf(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		sql  string
		step SavepointStep
		name string
	}{
		{"SAVEPOINT a", SetSavepoint, "a"},
		{"/* x */ savepoint Sp1;", SetSavepoint, "sp1"},
		{`SAVEPOINT "A ""b"" c"`, SetSavepoint, `A "b" c`},
		{`SAVEPOINT "A";`, SetSavepoint, "A"},
		{`SAVEPOINT "A`, SetSavepoint, "A"},
		{"SAVEPOINT -", SetSavepoint, ""},
		{"release savepoint a", ReleaseSavepoint, "a"},
		{"RELEASE a", ReleaseSavepoint, "a"},
		{"release savepoint", ReleaseSavepoint, "savepoint"},
		{"ROLLBACK TO SAVEPOINT a", RollbackToSavepoint, "a"},
		{"rollback work to a -- b", RollbackToSavepoint, "a"},
		{"rollback transaction to savepoint a/* c */", RollbackToSavepoint, "a"},
		{"ROLLBACK", NoSavepoint, ""},
		{"rollback and chain", NoSavepoint, ""},
		{"SELECT 'savepoint a'", NoSavepoint, ""},
		{"", NoSavepoint, ""},
	} {
		step, name := SavepointOf(tc.sql)
		if step != tc.step || name != tc.name {
			t.Errorf("%q: step %d of %q, want %d of %q", tc.sql, step, name, tc.step, tc.name)
		}
	}
}

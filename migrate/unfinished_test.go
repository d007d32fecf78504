package migrate_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/retort-go/retort/migrate"
)

// TestUnfinishedRevisionOfANewerProgram: a program without the file cannot end the
// revision, and does not say that it can.
func TestUnfinishedRevisionOfANewerProgram(t *testing.T) {
	t.Parallel()
	db := newDatabase(t)
	db.upgrade(t, files(t, simple...), "a")
	newer := files(t, simple[0], "z: a\n-- +up\n-- +alone\nCREATE TABLE z (id int);\nSELECT 1/0;\n")
	if _, err := db.runner(t, newer).Upgrade(t.Context(), "head"); err == nil {
		t.Fatal("the newer program's revision has to break off")
	}
	r := db.runner(t, files(t, simple...))
	_, err := r.Upgrade(t.Context(), "head")
	for _, err := range []error{err, r.Check(t.Context())} {
		unfinished, ok := errors.AsType[*migrate.UnfinishedError](err)
		if !ok || !unfinished.Unknown || !strings.Contains(err.Error(), "end it with the program that has its file") || strings.Contains(err.Error(), "db upgrade z") {
			t.Errorf("got %v", err)
		}
	}
	_, err = db.runner(t, newer).Downgrade(t.Context(), "base")
	want[*migrate.UnfinishedError](t, err, "db upgrade z")
}

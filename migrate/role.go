package migrate

import (
	"context"
	"slices"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/internal/sqltext"
)

// asRunner runs fn as the role of the run, where a step may have set another one, which
// need not have rights on the ledger.
func (w *work) asRunner(ctx context.Context, s *retort.Session, fn func() error) error {
	if !w.roles {
		return fn()
	}
	role, err := retort.SQL[string]("/* retort:migrate.role */ SELECT current_setting('role')").One(ctx, s)
	if err != nil {
		return err
	}
	if _, err := exec(ctx, s, "/* retort:migrate.role */ RESET ROLE"); err != nil {
		return err
	}
	if err := fn(); err != nil {
		return err
	}
	_, err = exec(ctx, s, "/* retort:migrate.role */ SELECT set_config('role', $1, true)", role)
	return err
}

// setsRole tells whether a step may set another role.
func setsRole(step *Step) bool {
	words := sqltext.Words(step.SQL, -1)
	return len(words) > 0 && (words[0] == "set" && slices.Contains(words, "role") || slices.Contains(words, "set_config") && slices.Contains(words, "'role'"))
}

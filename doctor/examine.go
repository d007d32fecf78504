package doctor

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/migrate/roles"
)

// Options say what a service is beyond one engine.
type Options struct {
	// Pods is how many processes with an engine like this one use the database.
	// Default 1. Range 1 and more.
	Pods int
}

// Examine looks at the database of eng, as its connections see it.
//
//   - Shape: findings in the order of their importance to who reads from the top:
//     server, connections, limits, role, schema. Two round trips, read-only.
//   - Errors: of connecting and reading. What is wrong with the database is a
//     finding and no error.
//   - Concurrency: safe for many goroutines.
func Examine(ctx context.Context, eng *retort.Engine, opts Options) (Report, error) {
	if eng == nil {
		return Report{}, errors.New("doctor: Examine: the engine is nil")
	}
	if opts.Pods < 0 {
		return Report{}, fmt.Errorf("doctor: Options.Pods is %d; give how many processes use the database, or 0 for one", opts.Pods)
	}
	pooler, err := eng.Pooler(ctx)
	if err != nil {
		return Report{}, fmt.Errorf("doctor: %w", err)
	}
	rows, err := eng.Snapshot(ctx, serverSQL, limitsSQL, budgetSQL, blockersSQL, preparedSQL, invalidSQL, unvalidatedSQL, unforcedSQL, passingViewsSQL)
	if err != nil {
		return Report{}, fmt.Errorf("doctor: %w", err)
	}
	rights, err := roles.Read(ctx, eng)
	if err != nil {
		return Report{}, fmt.Errorf("doctor: %w", err)
	}
	b, err := budgetOf(rows[2][0])
	if err != nil {
		return Report{}, err
	}
	return Of(slices.Concat(
		serverFindings(rows[0][0]),
		[]Finding{poolerFinding(pooler)},
		b.findings(eng.Stats(), max(opts.Pods, 1), pooler),
		limitFindings(rows[1][0]),
		roleFindings(rights),
		policyFindings(rows[7], rows[8]),
		schemaFindings(rows[3:7]),
	)), nil
}

// roleFindings judge what a service could do if it were broken into.
func roleFindings(rights *roles.Rights) []Finding {
	var warnings [][]string
	for _, w := range rights.Warnings() {
		warnings = append(warnings, []string{w})
	}
	return listed(Note, "role", rights.Role+" can do nothing but work with rows", warnings,
		"fit for revisions, too much for a service: docs/guides/roles.md")
}

func poolerFinding(p retort.PoolerFacts) Finding {
	switch {
	case p.Declared && p.Found:
		return Finding{OK, "pooler", "a pooler stands between, and Config.Pooler is on", ""}
	case p.Found:
		return Finding{
			Note, "pooler", "a pooler stands between, and Config.Pooler is off",
			"right if each client has a server's connection of its own (pool_mode = session); else set Config.Pooler, or requests will fail: docs/guides/connecting.md#poolers",
		}
	case p.Declared:
		return Finding{
			Note, "pooler", "Config.Pooler is on, and PostgreSQL itself answers",
			"turn it off if no pooler stands between: prepared statements are faster, and PrePing, AfterConnect and resets work again",
		}
	default:
		return Finding{OK, "pooler", "PostgreSQL itself answers", ""}
	}
}

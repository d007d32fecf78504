package autogenerate_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/retort-go/retort/migrate/autogenerate"
)

// TestCastable asks the server of each pair of types.
func TestCastable(t *testing.T) {
	t.Parallel()
	conn := newDatabase(t, "").Conn(t)
	types := slices.Sorted(maps.Keys(autogenerate.Casts))
	types = append(types, "text", "character varying(9)", "numeric(3,1)")
	for _, typ := range slices.Clone(types) {
		types = append(types, typ+"[]")
	}
	for _, from := range types {
		for _, to := range types {
			_, err := conn.Exec(t.Context(), "SELECT NULL::"+from+"::"+to)
			if got := autogenerate.Castable(from, to); got != (err == nil) {
				t.Errorf("%s to %s: castable %t, and the server says %v", from, to, got, err)
			}
		}
	}
}

// TestTypeWithoutCast: a change of a type that PostgreSQL cannot cast is said to be for
// people, and nothing is said of time zones that have no part in it.
func TestTypeWithoutCast(t *testing.T) {
	t.Parallel()
	for _, pair := range [][2]string{{"int", "uuid"}, {"timestamptz", "bigint"}, {"bigint", "timestamptz"}, {"int[]", "int"}} {
		before, after := newDatabase(t, "CREATE TABLE t (a "+pair[0]+")").read(t), newDatabase(t, "CREATE TABLE t (a "+pair[1]+")").read(t)
		plan := autogenerate.Build(before, after, compare(t, before, after, autogenerate.Options{}))
		up := autogenerate.Script(plan.Up)
		if !has(plan.Up, autogenerate.ByHand) || !strings.Contains(up, "PostgreSQL has no cast from ") || strings.Contains(up, "TimeZone") || strings.Contains(up, "may fail") {
			t.Errorf("%s to %s:\n%s", pair[0], pair[1], up)
		}
	}
}

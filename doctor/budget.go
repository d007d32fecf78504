package doctor

import (
	"fmt"
	"strconv"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/pool"
)

// budgetSQL asks who may connect how often. reserved_connections is there since
// PostgreSQL 16. A limit of -1 is none.
const budgetSQL = `/* retort:doctor */ SELECT
  pg_catalog.current_setting('max_connections'), pg_catalog.current_setting('superuser_reserved_connections'),
  coalesce(nullif(pg_catalog.current_setting('reserved_connections', true), ''), '0'),
  (SELECT pg_catalog.count(*)::text FROM pg_catalog.pg_stat_activity a WHERE a.backend_type = 'client backend'),
  (SELECT r.rolconnlimit::text FROM pg_catalog.pg_roles r WHERE r.rolname = session_user),
  (SELECT d.datconnlimit::text FROM pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database())`

// budget is how many connections there are.
type budget struct{ most, reserved, used, role, database int }

func budgetOf(row []string) (budget, error) {
	var n [6]int
	for i := range n {
		v, err := strconv.Atoi(row[i])
		if err != nil {
			return budget{}, fmt.Errorf("doctor: the server answers %q for a number of connections", row[i])
		}
		n[i] = v
	}
	return budget{most: n[0], reserved: n[1] + n[2], used: n[3], role: n[4], database: n[5]}, nil
}

// free is how many connections services may have, and what says so.
func (b budget) free() (int, string) {
	free, why := b.most-b.reserved, fmt.Sprintf("max_connections is %d, of which %d are reserved", b.most, b.reserved)
	if b.role >= 0 && b.role < free {
		free, why = b.role, fmt.Sprintf("the role may have %d (CONNECTION LIMIT)", b.role)
	}
	if b.database >= 0 && b.database < free {
		free, why = b.database, fmt.Sprintf("the database takes %d (CONNECTION LIMIT)", b.database)
	}
	return free, why
}

// findings hold what pods of this pool may open against what there is.
func (b budget) findings(s pool.Stats, pods int, pooler retort.PoolerFacts) []Finding {
	const about = "connections"
	free, why := b.free()
	used := Finding{OK, about, fmt.Sprintf("%d of %d in use", b.used, b.most), ""}
	if b.used >= free {
		used.State, used.Do = Note, "few are left: look into pg_stat_activity who has them"
	}
	each := s.Size + s.Overflow
	switch {
	case s.Size == 0 && s.Overflow == 0:
		return []Finding{used, {Note, about, "the pool is somebody else's (Config.Lender), its limits are not known", "hold pods × its size against " + strconv.Itoa(free) + ": " + why}}
	case s.Size == pool.Unlimited || s.Overflow == pool.Unlimited:
		return []Finding{used, {Wrong, about, "the pool has no limit: a rush of requests takes every connection of the server", "set Config.PoolSize and MaxOverflow; " + why}}
	case pooler.Declared || pooler.Found:
		return []Finding{used, {Note, about, fmt.Sprintf("%s ask the pooler for up to %d connections", times(pods, s), pods*each), fmt.Sprintf("its max_client_conn has to be above that, and its default_pool_size within %d: %s", free, why)}}
	}
	f := Finding{OK, about, fmt.Sprintf("%s open up to %d connections, %d are there: %s", times(pods, s), pods*each, free, why), ""}
	if pods*each > free {
		f.State = Wrong
		f.Do = fmt.Sprintf("PoolSize and MaxOverflow together at most %d for each process, fewer processes, a larger max_connections, or a pooler (docs/guides/connecting.md#poolers)", free/pods)
		if free < pods {
			f.Do = "fewer processes, a larger max_connections, or a pooler (docs/guides/connecting.md#poolers)"
		}
	}
	return []Finding{used, f}
}

// times names the product.
func times(pods int, s pool.Stats) string {
	return fmt.Sprintf("%d × (%d + %d): pods × (size + overflow)", pods, s.Size, s.Overflow)
}

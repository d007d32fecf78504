package catalog

import (
	"slices"
	"strings"
)

// ledgerComment is how the tables of our own ledger are known, whatever their names:
// migrate.LedgerComment, which this room cannot see.
const ledgerComment = "retort: the ledger of migrations"

// keepers are the tools that note in the database which of their migrations ran, by
// the table and the columns that it has at least.
var keepers = []struct {
	tool, table string
	columns     []string
}{
	{"Alembic", "alembic_version", []string{"version_num"}},
	{"goose", "goose_db_version", []string{"version_id", "is_applied"}},
	{"golang-migrate", "schema_migrations", []string{"version", "dirty"}},
	{"Rails", "schema_migrations", []string{"version"}},
	{"Rails", "ar_internal_metadata", []string{"key", "value"}},
	{"Django", "django_migrations", []string{"app", "name", "applied"}},
	{"Flyway", "flyway_schema_history", []string{"installed_rank", "checksum"}},
	{"Liquibase", "databasechangelog", []string{"id", "author", "md5sum"}},
	{"Liquibase", "databasechangeloglock", []string{"locked", "lockedby"}},
	{"Prisma", "_prisma_migrations", []string{"migration_name", "checksum"}},
	{"Atlas", "atlas_schema_revisions", []string{"version", "hash"}},
	{"tern", "schema_version", []string{"version"}},
	{"sqlx", "_sqlx_migrations", []string{"version", "checksum"}},
	{"bun", "bun_migrations", []string{"name", "group_id"}},
	{"bun", "bun_migration_locks", []string{"table_name"}},
	{"Knex", "knex_migrations", []string{"name", "migration_time"}},
	{"Knex", "knex_migrations_lock", []string{"is_locked"}},
	{"gormigrate", "migrations", []string{"id"}},
	{"River", "river_migration", []string{"version"}},
}

// Keeper names the migration tool whose bookkeeping a table is, "Retort" for our own
// ledger and "" for any other table. Nobody's models have such a table, and nobody
// may drop it.
func Keeper(t *Table) string {
	if strings.HasPrefix(t.Comment, ledgerComment) {
		return "Retort"
	}
	for _, k := range keepers {
		has := func(name string) bool { _, ok := t.Column(name); return ok }
		if k.table == t.Name && !slices.ContainsFunc(k.columns, func(c string) bool { return !has(c) }) && few(k.columns, t) {
			return k.tool
		}
	}
	return ""
}

// few guards names that others use, too: a table of one known column has no others.
func few(known []string, t *Table) bool { return len(known) > 1 || len(t.Columns) == 1 }

// WithoutBooks is the catalog without the bookkeeping of migration tools, and the
// sequences and uses that go with it.
//
//   - Shape: keep says which tables stay all the same, those that a model claims; nil
//     keeps none.
func (c *Catalog) WithoutBooks(keep func(Ref) bool) *Catalog {
	gone := map[Ref]bool{}
	for i := range c.Tables {
		if t := &c.Tables[i]; Keeper(t) != "" && (keep == nil || !keep(t.Ref())) {
			gone[t.Ref()] = true
		}
	}
	if len(gone) == 0 {
		return c
	}
	out := *c
	out.Tables = slices.DeleteFunc(slices.Clone(c.Tables), func(t Table) bool { return gone[t.Ref()] })
	owned := func(s *Sequence) bool { return gone[Ref{KindTable, s.OwnerNamespace, s.OwnerTable}] }
	for i := range c.Sequences {
		if owned(&c.Sequences[i]) {
			gone[c.Sequences[i].Ref()] = true
		}
	}
	out.Sequences = slices.DeleteFunc(slices.Clone(c.Sequences), func(s Sequence) bool { return owned(&s) })
	out.Order = slices.DeleteFunc(slices.Clone(c.Order), func(r Ref) bool { return gone[r] })
	out.Uses = slices.DeleteFunc(slices.Clone(c.Uses), func(u Use) bool { return gone[u.By] || gone[u.On] })
	return &out
}

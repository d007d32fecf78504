package lint

import (
	"slices"

	"github.com/retort-go/retort/migrate/hazard"
)

// Rule is one rule of the list in docs/guides/lint.md.
//
//   - Shape: Text and Instead hold {table}, {column} and the like. Like names the
//     rules of strong_migrations and squawk that look for the same.
type Rule struct {
	ID       string
	Severity Severity
	Kind     hazard.Kind // a hazard of this kind answers it in a generated revision
	Text     string
	Instead  string
	Like     []string

	also  hazard.Kind // answers it, too: the plan knows more than the statement tells
	forms []hazard.Form
	verbs []string
	fresh bool                             // looks at tables that the revision itself makes, too
	when  func(c *checker, a *Action) bool // nil: always
}

// Rules lists the rules, the dangerous ones first.
func Rules() []Rule { return slices.Clone(rules) }

func find(id string) (*Rule, bool) {
	i := slices.IndexFunc(rules, func(r Rule) bool { return r.ID == id })
	if i < 0 {
		return nil, false
	}
	return &rules[i], true
}

// rules is filled by the files rules_*.go in the order of their severity.
var rules = slices.Concat(lockRules, lossRules, releaseRules, orderRules, adviceRules)

var lockRules = []Rule{
	{
		ID: "index-not-concurrent", Severity: Danger, Kind: hazard.Locks, forms: []hazard.Form{hazard.CreateIndex}, when: ofParts,
		Text:    "CREATE INDEX takes {lock}: {stops} wait",
		Instead: "CREATE {unique}INDEX CONCURRENTLY {name} ON {table} ({columns}), outside a transaction; drop the index first if an earlier try left it invalid",
		Like:    []string{"squawk: require-concurrent-index-creation", "strong_migrations: add_index, add_reference"},
	},
	{
		ID: "drop-index-not-concurrent", Severity: Warning, Kind: hazard.Locks, forms: []hazard.Form{hazard.DropIndex},
		Text:    "DROP INDEX takes ACCESS EXCLUSIVE on the table of {name}: {stops} wait, behind every long query that runs already",
		Instead: "DROP INDEX CONCURRENTLY {name}, outside a transaction",
		Like:    []string{"squawk: require-concurrent-index-deletion", "strong_migrations: remove_index"},
	},
	{
		ID: "reindex-not-concurrent", Severity: Danger, Kind: hazard.Locks, forms: []hazard.Form{hazard.Reindex},
		Text:    "REINDEX takes SHARE on the table and ACCESS EXCLUSIVE on its index while its indexes are built: writes wait, and reads that plan with it",
		Instead: "REINDEX {text} CONCURRENTLY {name}, outside a transaction",
		Like:    []string{"squawk: require-concurrent-reindex"},
	},
	{
		ID: "foreign-key-scans", Severity: Danger, Kind: hazard.Locks, forms: []hazard.Form{hazard.AddForeignKey}, when: notNewColumn,
		Text:    "ADD FOREIGN KEY takes SHARE ROW EXCLUSIVE on {table} and {other} while all rows are read: writes to both wait",
		Instead: "ALTER TABLE {table} ADD CONSTRAINT {name} FOREIGN KEY ({columns}) REFERENCES {other} NOT VALID; then, in a transaction of its own, ALTER TABLE {table} VALIDATE CONSTRAINT {name}",
		Like:    []string{"squawk: adding-foreign-key-constraint", "strong_migrations: add_foreign_key, add_reference"},
	},
	{
		ID: "check-scans", Severity: Danger, Kind: hazard.Locks, forms: []hazard.Form{hazard.AddCheck}, when: notNewColumn,
		Text:    "ADD CHECK takes {lock}: {stops} wait",
		Instead: "ALTER TABLE {table} ADD CONSTRAINT {name} CHECK ({text}) NOT VALID; then, in a transaction of its own, ALTER TABLE {table} VALIDATE CONSTRAINT {name}",
		Like:    []string{"squawk: constraint-missing-not-valid", "strong_migrations: add_check_constraint"},
	},
	{
		ID: "not-null-scans", Severity: Danger, Kind: hazard.Locks, forms: []hazard.Form{hazard.SetNotNull, hazard.AddNotNull}, when: notProved,
		Text: "SET NOT NULL takes {lock}: {stops} wait",
		Instead: "ALTER TABLE {table} ADD CONSTRAINT {table}_{column}_not_null CHECK ({column} IS NOT NULL) NOT VALID; VALIDATE CONSTRAINT in a transaction of its own; " +
			"then ALTER TABLE {table} ALTER COLUMN {column} SET NOT NULL, which reads nothing behind that proof, and drop the check",
		Like: []string{"squawk: adding-not-nullable-field", "strong_migrations: change_column_null, change_column_with_not_null"},
	},
	{
		ID: "unique-builds-index", Severity: Danger, Kind: hazard.Locks, forms: []hazard.Form{hazard.AddUnique},
		Text:    "ADD UNIQUE takes {lock}: {stops} wait",
		Instead: "CREATE UNIQUE INDEX CONCURRENTLY {name} ON {table} ({columns}), outside a transaction; then ALTER TABLE {table} ADD CONSTRAINT {name} UNIQUE USING INDEX {name}",
		Like:    []string{"squawk: disallowed-unique-constraint", "strong_migrations: add_unique_constraint"},
	},
	{
		ID: "primary-key-builds-index", Severity: Danger, Kind: hazard.Locks, forms: []hazard.Form{hazard.AddPrimaryKey},
		Text: "ADD PRIMARY KEY takes {lock}, and reads all rows for NULLs: {stops} wait",
		Instead: "CREATE UNIQUE INDEX CONCURRENTLY {name} ON {table} ({columns}), outside a transaction; prove NOT NULL of its columns (not-null-scans); " +
			"then ALTER TABLE {table} ADD CONSTRAINT {name} PRIMARY KEY USING INDEX {name}",
		Like: []string{"squawk: adding-serial-primary-key-field"},
	},
	{
		ID: "exclusion-builds-index", Severity: Danger, Kind: hazard.Locks, forms: []hazard.Form{hazard.AddExclusion},
		Text:    "ADD EXCLUDE takes {lock}: {stops} wait",
		Instead: "nothing does it without the lock: a new table with the constraint, rows moved over in batches, names exchanged; or a quiet hour",
		Like:    []string{"strong_migrations: add_exclusion_constraint"},
	},
	{
		ID: "type-copies", Severity: Danger, Kind: hazard.Rewrites, also: hazard.Locks, forms: []hazard.Form{hazard.AlterTypeCopy}, when: copies,
		Text: "changing {column} to {type} takes {lock} and its indexes are built anew: {stops} wait, and the release that still runs meets another type",
		Instead: "a new column, written by both releases (or a trigger), filled in batches, then exchanged; text for varchar and a longer varchar copy nothing: " +
			"say so with lint:ignore, or give Options.Type",
		Like: []string{"squawk: changing-column-type", "strong_migrations: change_column, change_column_constraint"},
	},
	{
		ID: "column-copies", Severity: Danger, Kind: hazard.Rewrites, forms: []hazard.Form{hazard.AddColumnCopy}, when: notVirtual,
		Text: "ADD COLUMN {column} needs a value for each row and takes {lock}: {stops} wait",
		Instead: "ALTER TABLE {table} ADD COLUMN {column} {type}; then ALTER COLUMN {column} SET DEFAULT for new rows, and fill the old ones in batches; " +
			"an identity or generated column is a new table's, or a trigger's until then",
		Like: []string{"squawk: adding-field-with-default, adding-serial-primary-key-field", "strong_migrations: add_column_default, add_column_default_callable, add_column_generated_stored, add_column_auto_incrementing"},
	},
	{
		ID: "table-copies", Severity: Danger, Kind: hazard.Rewrites,
		forms:   []hazard.Form{hazard.SetLogged, hazard.SetAccessMethod, hazard.SetTablespace, hazard.SetExpression, hazard.Cluster, hazard.VacuumFull},
		Text:    "{form} takes {lock}: {stops} wait",
		Instead: "pg_repack does the same with a lock for a moment; or a new table, rows moved over in batches, names exchanged",
		Like:    []string{"squawk: prefer-repack, ban-alter-generated-expression"},
	},
	{
		ID: "refresh-not-concurrent", Severity: Warning, Kind: hazard.Rewrites, forms: []hazard.Form{hazard.Refresh},
		Text:    "REFRESH takes {lock}: {stops} wait",
		Instead: "REFRESH MATERIALIZED VIEW CONCURRENTLY {table}; it needs a unique index on the view",
	},
	{
		ID: "detach-not-concurrent", Severity: Warning, Kind: hazard.Locks, forms: []hazard.Form{hazard.DetachPartition},
		Text:    "DETACH PARTITION takes ACCESS EXCLUSIVE on {table} and {other}: {stops} of all partitions wait, behind every long query that runs already",
		Instead: "ALTER TABLE {table} DETACH PARTITION {other} CONCURRENTLY, outside a transaction",
		Like:    []string{"squawk: require-concurrent-partition-detach"},
	},
	{
		ID: "attach-scans", Severity: Warning, Kind: hazard.Locks, forms: []hazard.Form{hazard.AttachPartition}, when: otherNotFresh,
		Text:    "ATTACH PARTITION takes ACCESS EXCLUSIVE on {other} while all its rows are read, unless a valid CHECK says that they fit",
		Instead: "ALTER TABLE {other} ADD CONSTRAINT fits CHECK (…) NOT VALID, VALIDATE CONSTRAINT fits in a transaction of its own, then attach, then drop the check",
	},
	{
		ID: "partition-locks-parent", Severity: Warning, Kind: hazard.Locks, forms: []hazard.Form{hazard.CreatePartition},
		Text:    "CREATE TABLE PARTITION OF takes {lock}: {stops} of all partitions wait, behind every long query that runs already",
		Instead: "CREATE TABLE {name} (LIKE {table} INCLUDING ALL), then ALTER TABLE {table} ATTACH PARTITION {name}, which lets reads and writes through",
	},
	{
		ID: "lock-table", Severity: Warning, Kind: hazard.Locks, forms: []hazard.Form{hazard.LockTable}, when: strongLock,
		Text:    "LOCK TABLE holds {text} on {table} to the end of the transaction",
		Instead: "a weaker mode, or none: statements take the locks that they need",
	},
	{
		ID: "domain-rule-scans", Severity: Danger, Kind: hazard.Locks, verbs: []string{"domain gets a rule"}, fresh: true,
		Text:    "a new rule of domain {name} takes SHARE on each table that uses it while all rows are read: writes wait",
		Instead: "ALTER DOMAIN {name} ADD CONSTRAINT … CHECK (…) NOT VALID, then ALTER DOMAIN {name} VALIDATE CONSTRAINT in a transaction of its own; better a CHECK of each table",
		Like:    []string{"squawk: ban-alter-domain-with-add-constraint"},
	},
}

var lossRules = []Rule{
	{
		ID: "drop-table", Severity: Danger, Kind: hazard.DeletesData, forms: []hazard.Form{hazard.DropTable},
		Text:    "every row of {table} is lost, and the release that still runs fails on it",
		Instead: "take it out of the code, deploy that, and drop it in a later revision, with lint:ignore and why nobody needs the rows",
		Like:    []string{"squawk: ban-drop-table", "strong_migrations: create_table (force)"},
	},
	{
		ID: "drop-column", Severity: Danger, Kind: hazard.DeletesData, also: hazard.MayFail, forms: []hazard.Form{hazard.DropColumn},
		Text:    "every value of {table}.{column} is lost, and the release that still runs fails on it",
		Instead: "take it out of the models, deploy that, and drop it in a later revision, with lint:ignore and why nobody needs the values",
		Like:    []string{"squawk: ban-drop-column", "strong_migrations: remove_column"},
	},
	{
		ID: "truncate", Severity: Danger, Kind: hazard.DeletesData, forms: []hazard.Form{hazard.Truncate},
		Text:    "every row of {table} is lost, under ACCESS EXCLUSIVE on {table}",
		Instead: "DELETE in batches, with what says which rows; with lint:ignore and why nobody needs them",
		Like:    []string{"squawk: ban-truncate-cascade"},
	},
	{
		ID: "delete-all", Severity: Danger, Kind: hazard.DeletesData, forms: []hazard.Form{hazard.DeleteAll},
		Text:    "DELETE without WHERE: every row of {table} is lost",
		Instead: "say which rows, and delete them in batches",
	},
	{
		ID: "drop-schema", Severity: Danger, Kind: hazard.DeletesData, verbs: []string{"drop schema"}, fresh: true, when: cascades,
		Text:    "schema {name} goes with all that is in it",
		Instead: "drop what is in it by name, in revisions of their own",
		Like:    []string{"squawk: ban-drop-schema"},
	},
	{
		ID: "drop-database", Severity: Danger, Kind: hazard.DeletesData, verbs: []string{"drop database"}, fresh: true,
		Text:    "database {name} is lost",
		Instead: "nothing: that is no matter of a revision",
		Like:    []string{"squawk: ban-drop-database"},
	},
	{
		ID: "cascade", Severity: Danger, Kind: hazard.DeletesData, fresh: true,
		forms: []hazard.Form{hazard.DropTable, hazard.DropColumn, hazard.DropConstraint, hazard.DropIndex, hazard.Truncate, hazard.DropTrigger, hazard.DropPolicy},
		verbs: []string{"drop", "drop schema"}, when: cascades,
		Text:    "CASCADE also takes what depends on it: views, foreign keys, with TRUNCATE the rows of other tables; the revision does not name them, and differs from database to database",
		Instead: "leave CASCADE out, and name each of them",
		Like:    []string{"squawk: ban-truncate-cascade"},
	},
}

var releaseRules = []Rule{
	{
		ID: "column-required", Severity: Danger, Kind: hazard.MayFail, forms: []hazard.Form{hazard.AddColumnRequired},
		Text:    "ADD COLUMN {column} NOT NULL without a default fails where {table} has rows, and the release that still runs cannot insert any more",
		Instead: "ALTER TABLE {table} ADD COLUMN {column} {type} DEFAULT …, or without NOT NULL; fill it in batches, then prove NOT NULL (not-null-scans)",
		Like:    []string{"squawk: adding-required-field", "strong_migrations: add_column"},
	},
	{
		ID: "rename-column", Severity: Danger, Kind: hazard.Locks, forms: []hazard.Form{hazard.RenameColumn},
		Text:    "the release that still runs fails on {table}.{column} from then on",
		Instead: "keep the name in the database and change the field's (Column(…).Name); or a new column, written by both releases, filled in batches, the old one dropped later",
		Like:    []string{"squawk: renaming-column", "strong_migrations: rename_column"},
	},
	{
		ID: "rename-table", Severity: Danger, Kind: hazard.Locks, forms: []hazard.Form{hazard.RenameTable, hazard.SetSchema}, when: goes,
		Text:    "the release that still runs fails on {table} from then on",
		Instead: "keep the name in the database; or, in the same transaction, CREATE VIEW {table} AS SELECT * FROM {to}, which takes writes, until nobody uses it",
		Like:    []string{"squawk: renaming-table, ban-set-schema", "strong_migrations: rename_table"},
	},
	{
		ID: "rename-object", Severity: Danger, Kind: hazard.Locks, verbs: []string{"rename"}, fresh: true, when: goes,
		Text:    "the release that still runs fails on {name} from then on",
		Instead: "make it a second time under the new name, and drop the old one in a later revision",
		Like:    []string{"squawk: renaming-object, ban-set-schema", "strong_migrations: rename_schema"},
	},
	{
		ID: "drop-view", Severity: Warning, Kind: hazard.MayFail, verbs: []string{"drop"}, fresh: true, when: isView,
		Text:    "the release that still runs fails on {name} from then on",
		Instead: "take it out of the code, deploy that, and drop it in a later revision, with lint:ignore and why nobody reads it",
		Like:    []string{"squawk: ban-drop-view"},
	},
	{
		ID: "drop-not-null", Severity: Warning, Kind: hazard.MayFail, forms: []hazard.Form{hazard.DropNotNull},
		Text:    "the release that still runs may not expect NULL in {table}.{column}",
		Instead: "deploy code that reads NULL first; then say so with lint:ignore",
		Like:    []string{"squawk: ban-drop-not-null"},
	},
	{
		ID: "code-unread", Severity: Warning, Kind: hazard.ByHand, verbs: []string{"code"}, fresh: true,
		Text:    "{text} runs code that this cannot read",
		Instead: "plain statements; or lint:ignore with what it locks and why that is short",
		Like:    []string{"strong_migrations: execute, change_table"},
	},
	{
		ID: "statement-unread", Severity: Warning, Kind: hazard.ByHand, verbs: []string{""}, fresh: true,
		when:    func(_ *checker, a *Action) bool { return a.Form == "" },
		Text:    "a statement, or a part of ALTER TABLE, that this does not know",
		Instead: "lint:ignore with what it locks and for how long",
		Like:    []string{"squawk: syntax-error"},
	},
}

package hazard

import "slices"

// Form is a statement, or a part of ALTER TABLE, in the words of the manual. What
// differs in lock or length is another form.
type Form string

// Effect is what a form does.
//
//   - Shape: Lock is held on the table named; Other on one that it refers to (of a
//     foreign key, a partition, the table of an index). Deletes and Copy speak of
//     rows. Since is the first major version that knows the form, 0 for all.
type Effect struct {
	Form    Form
	Lock    Lock
	Other   Lock
	Span    Span
	Deletes bool
	Outside bool // refused inside a transaction
	Since   int
}

// The forms. Parts of ALTER TABLE are written without it.
const (
	AddColumn             Form = "ADD COLUMN"
	AddColumnCopy         Form = "ADD COLUMN with a value for each row"
	AddColumnRequired     Form = "ADD COLUMN NOT NULL without default"
	DropColumn            Form = "DROP COLUMN"
	AlterTypeWiden        Form = "ALTER COLUMN TYPE to a wider one"
	AlterTypeCopy         Form = "ALTER COLUMN TYPE"
	SetDefault            Form = "ALTER COLUMN SET DEFAULT"
	DropDefault           Form = "ALTER COLUMN DROP DEFAULT"
	SetNotNull            Form = "ALTER COLUMN SET NOT NULL"
	SetNotNullProved      Form = "ALTER COLUMN SET NOT NULL behind a valid CHECK"
	DropNotNull           Form = "ALTER COLUMN DROP NOT NULL"
	SetExpression         Form = "ALTER COLUMN SET EXPRESSION"
	DropExpression        Form = "ALTER COLUMN DROP EXPRESSION"
	AddIdentity           Form = "ALTER COLUMN ADD GENERATED AS IDENTITY"
	SetIdentity           Form = "ALTER COLUMN SET GENERATED"
	DropIdentity          Form = "ALTER COLUMN DROP IDENTITY"
	SetStatistics         Form = "ALTER COLUMN SET STATISTICS"
	SetStorage            Form = "ALTER COLUMN SET STORAGE"
	SetCompression        Form = "ALTER COLUMN SET COMPRESSION"
	SetColumnOptions      Form = "ALTER COLUMN SET (…)"
	AddCheck              Form = "ADD CHECK"
	AddCheckNotValid      Form = "ADD CHECK NOT VALID"
	AddNotNull            Form = "ADD NOT NULL"
	AddNotNullNotValid    Form = "ADD NOT NULL NOT VALID"
	AddForeignKey         Form = "ADD FOREIGN KEY"
	AddForeignKeyNotValid Form = "ADD FOREIGN KEY NOT VALID"
	AddUnique             Form = "ADD UNIQUE"
	AddPrimaryKey         Form = "ADD PRIMARY KEY"
	AddUsingIndex         Form = "ADD … USING INDEX"
	AddExclusion          Form = "ADD EXCLUDE"
	ValidateConstraint    Form = "VALIDATE CONSTRAINT"
	DropConstraint        Form = "DROP CONSTRAINT"
	AlterConstraint       Form = "ALTER CONSTRAINT"
	RenameTable           Form = "RENAME TO"
	RenameColumn          Form = "RENAME COLUMN"
	RenameConstraint      Form = "RENAME CONSTRAINT"
	SetSchema             Form = "SET SCHEMA"
	OwnerTo               Form = "OWNER TO"
	SetLogged             Form = "SET LOGGED or UNLOGGED"
	SetAccessMethod       Form = "SET ACCESS METHOD"
	SetTablespace         Form = "SET TABLESPACE"
	SetParameters         Form = "SET (…) or RESET (…)"
	ReplicaIdentity       Form = "REPLICA IDENTITY"
	ClusterOn             Form = "CLUSTER ON"
	EnableTrigger         Form = "ENABLE TRIGGER"
	DisableTrigger        Form = "DISABLE TRIGGER"
	RowSecurity           Form = "ROW LEVEL SECURITY"
	Inherit               Form = "INHERIT or NO INHERIT"
	AttachPartition       Form = "ATTACH PARTITION"
	DetachPartition       Form = "DETACH PARTITION"
	DetachConcurrently    Form = "DETACH PARTITION CONCURRENTLY"

	CreateTable         Form = "CREATE TABLE"
	CreateTableAs       Form = "CREATE TABLE AS"
	CreatePartition     Form = "CREATE TABLE PARTITION OF"
	CreateChild         Form = "CREATE TABLE INHERITS"
	DropTable           Form = "DROP TABLE"
	Truncate            Form = "TRUNCATE"
	LockTable           Form = "LOCK TABLE"
	CreateIndex         Form = "CREATE INDEX"
	CreateConcurrently  Form = "CREATE INDEX CONCURRENTLY"
	DropIndex           Form = "DROP INDEX"
	DropConcurrently    Form = "DROP INDEX CONCURRENTLY"
	Reindex             Form = "REINDEX"
	ReindexConcurrently Form = "REINDEX CONCURRENTLY"
	RenameIndex         Form = "ALTER INDEX RENAME"
	Cluster             Form = "CLUSTER"
	VacuumFull          Form = "VACUUM FULL"
	Vacuum              Form = "VACUUM"
	Analyze             Form = "ANALYZE"
	Refresh             Form = "REFRESH MATERIALIZED VIEW"
	RefreshConcurrently Form = "REFRESH MATERIALIZED VIEW CONCURRENTLY"
	CreateTrigger       Form = "CREATE TRIGGER"
	DropTrigger         Form = "DROP TRIGGER"
	CreatePolicy        Form = "CREATE POLICY"
	DropPolicy          Form = "DROP POLICY"
	CreateRule          Form = "CREATE RULE"
	CreateStatistics    Form = "CREATE STATISTICS"
	Comment             Form = "COMMENT ON TABLE"
	Insert              Form = "INSERT"
	Update              Form = "UPDATE"
	UpdateAll           Form = "UPDATE without WHERE"
	Delete              Form = "DELETE"
	DeleteAll           Form = "DELETE without WHERE"
)

// Of finds the effect of a form.
func Of(form Form) (Effect, bool) {
	i := slices.IndexFunc(effects, func(e Effect) bool { return e.Form == form })
	if i < 0 {
		return Effect{}, false
	}
	return effects[i], true
}

// Known reports whether a server of a major version knows the form.
func (e Effect) Known(major int) bool { return e.Since <= major }

// Effects lists the whole table.
func Effects() []Effect { return slices.Clone(effects) }

// On is the hazard of a form on a table.
func (f Form) On(table string) Hazard {
	e, _ := Of(f)
	return e.Lock.On(table, e.Span)
}

var effects = []Effect{
	{Form: AddColumn, Lock: AccessExclusive},
	{Form: AddColumnCopy, Lock: AccessExclusive, Span: Copy},
	{Form: AddColumnRequired, Lock: AccessExclusive, Span: Scan},
	{Form: DropColumn, Lock: AccessExclusive, Deletes: true},
	{Form: AlterTypeWiden, Lock: AccessExclusive},
	{Form: AlterTypeCopy, Lock: AccessExclusive, Span: Copy},
	{Form: SetDefault, Lock: AccessExclusive},
	{Form: DropDefault, Lock: AccessExclusive},
	{Form: SetNotNull, Lock: AccessExclusive, Span: Scan},
	{Form: SetNotNullProved, Lock: AccessExclusive},
	{Form: DropNotNull, Lock: AccessExclusive},
	{Form: SetExpression, Lock: AccessExclusive, Span: Copy, Since: 17},
	{Form: DropExpression, Lock: AccessExclusive},
	{Form: AddIdentity, Lock: AccessExclusive},
	{Form: SetIdentity, Lock: AccessExclusive},
	{Form: DropIdentity, Lock: AccessExclusive},
	{Form: SetStatistics, Lock: ShareUpdateExclusive},
	{Form: SetStorage, Lock: AccessExclusive},
	{Form: SetCompression, Lock: AccessExclusive},
	{Form: SetColumnOptions, Lock: ShareUpdateExclusive},
	{Form: AddCheck, Lock: AccessExclusive, Span: Scan},
	{Form: AddCheckNotValid, Lock: AccessExclusive},
	{Form: AddNotNull, Lock: AccessExclusive, Span: Scan, Since: 18},
	{Form: AddNotNullNotValid, Lock: AccessExclusive, Since: 18},
	{Form: AddForeignKey, Lock: ShareRowExclusive, Other: ShareRowExclusive, Span: Scan},
	{Form: AddForeignKeyNotValid, Lock: ShareRowExclusive, Other: ShareRowExclusive},
	{Form: AddUnique, Lock: AccessExclusive, Span: Build},
	{Form: AddPrimaryKey, Lock: AccessExclusive, Span: Build},
	{Form: AddUsingIndex, Lock: AccessExclusive},
	{Form: AddExclusion, Lock: AccessExclusive, Span: Build},
	{Form: ValidateConstraint, Lock: ShareUpdateExclusive, Span: Scan},
	{Form: DropConstraint, Lock: AccessExclusive},
	{Form: AlterConstraint, Lock: AccessExclusive},
	{Form: RenameTable, Lock: AccessExclusive},
	{Form: RenameColumn, Lock: AccessExclusive},
	{Form: RenameConstraint, Lock: AccessExclusive},
	{Form: SetSchema, Lock: AccessExclusive},
	{Form: OwnerTo, Lock: AccessExclusive},
	{Form: SetLogged, Lock: AccessExclusive, Span: Copy},
	{Form: SetAccessMethod, Lock: AccessExclusive, Span: Copy, Since: 15},
	{Form: SetTablespace, Lock: AccessExclusive, Span: Copy},
	{Form: SetParameters, Lock: ShareUpdateExclusive},
	{Form: ReplicaIdentity, Lock: AccessExclusive},
	{Form: ClusterOn, Lock: ShareUpdateExclusive},
	{Form: EnableTrigger, Lock: ShareRowExclusive},
	{Form: DisableTrigger, Lock: ShareRowExclusive},
	{Form: RowSecurity, Lock: AccessExclusive},
	{Form: Inherit, Lock: AccessExclusive, Other: ShareUpdateExclusive},
	{Form: AttachPartition, Lock: ShareUpdateExclusive, Other: AccessExclusive, Span: Scan},
	{Form: DetachPartition, Lock: AccessExclusive, Other: AccessExclusive},
	{Form: DetachConcurrently, Lock: ShareUpdateExclusive, Other: AccessExclusive, Outside: true},

	{Form: CreateTable, Other: ShareRowExclusive},
	{Form: CreateTableAs},
	{Form: CreatePartition, Lock: AccessExclusive},
	{Form: CreateChild, Lock: ShareUpdateExclusive},
	{Form: DropTable, Lock: AccessExclusive, Other: AccessExclusive, Deletes: true},
	{Form: Truncate, Lock: AccessExclusive, Deletes: true},
	{Form: LockTable, Lock: AccessExclusive},
	{Form: CreateIndex, Lock: Share, Span: Build},
	{Form: CreateConcurrently, Lock: ShareUpdateExclusive, Span: Build, Outside: true},
	{Form: DropIndex, Lock: AccessExclusive},
	{Form: DropConcurrently, Lock: ShareUpdateExclusive, Outside: true},
	{Form: Reindex, Lock: Share, Other: AccessExclusive, Span: Build},
	{Form: ReindexConcurrently, Lock: ShareUpdateExclusive, Span: Build, Outside: true},
	{Form: RenameIndex, Other: ShareUpdateExclusive},
	{Form: Cluster, Lock: AccessExclusive, Span: Copy},
	{Form: VacuumFull, Lock: AccessExclusive, Span: Copy, Outside: true},
	{Form: Vacuum, Lock: ShareUpdateExclusive, Span: Scan, Outside: true},
	{Form: Analyze, Lock: ShareUpdateExclusive, Span: Scan},
	{Form: Refresh, Lock: AccessExclusive, Span: Copy},
	{Form: RefreshConcurrently, Lock: Exclusive, Span: Scan},
	{Form: CreateTrigger, Lock: ShareRowExclusive},
	{Form: DropTrigger, Lock: AccessExclusive},
	{Form: CreatePolicy, Lock: AccessExclusive},
	{Form: DropPolicy, Lock: AccessExclusive},
	{Form: CreateRule, Lock: AccessExclusive},
	{Form: CreateStatistics, Lock: ShareUpdateExclusive},
	{Form: Comment, Lock: ShareUpdateExclusive},
	{Form: Insert, Lock: RowExclusive},
	{Form: Update, Lock: RowExclusive, Span: Scan},
	{Form: UpdateAll, Lock: RowExclusive, Span: Scan},
	{Form: Delete, Lock: RowExclusive, Span: Scan, Deletes: true},
	{Form: DeleteAll, Lock: RowExclusive, Span: Scan, Deletes: true},
}

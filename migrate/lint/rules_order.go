package lint

import "github.com/retort-go/retort/migrate/hazard"

// orderRules look at what stands around a statement; the checker finds them.
var orderRules = []Rule{
	{
		ID: "inside-transaction", Severity: Danger, Kind: hazard.ByHand,
		Text:    "{form} is refused inside a transaction",
		Instead: "mark it to run outside (-- +outside)",
		Like:    []string{"squawk: ban-concurrent-index-creation-in-transaction"},
	},
	{
		ID: "transaction-control", Severity: Danger, Kind: hazard.ByHand, verbs: []string{"transaction"}, fresh: true,
		Text:    "{text} begins or ends a transaction that the runner's ledger and lock depend on",
		Instead: "leave it out; mark statements that need a transaction of their own (-- +alone) or none (-- +outside)",
		Like:    []string{"squawk: transaction-nesting, ban-uncommitted-transaction"},
	},
	{
		ID: "validate-under-lock", Severity: Danger, Kind: hazard.Locks,
		Text:    "VALIDATE CONSTRAINT reads all rows of {table} while this transaction still holds {held}: {stops} wait all that time",
		Instead: "validate in a transaction of its own, behind the one that added the constraint (-- +alone)",
		Like:    []string{"squawk: constraint-missing-not-valid", "strong_migrations: validate_check_constraint, validate_foreign_key"},
	},
	{
		ID: "write-under-lock", Severity: Danger, Kind: hazard.Locks,
		Text:    "{form} changes rows of {table} while this transaction still holds {held}: {stops} wait all that time",
		Instead: "write in a transaction of its own, in batches (-- +batched)",
		Like:    []string{"strong_migrations: backfilling data"},
	},
	{
		ID: "write-all-at-once", Severity: Warning, Kind: hazard.Locks, forms: []hazard.Form{hazard.UpdateAll}, when: notBatched,
		Text:    "one UPDATE locks every row of {table} to its end, and leaves a dead copy of each",
		Instead: "batches by key, each in a transaction of its own (-- +batched, with WHERE and LIMIT)",
		Like:    []string{"strong_migrations: backfilling data"},
	},
	{
		ID: "enum-value-used", Severity: Danger, Kind: hazard.MayFail,
		Text:    "the value {text} of {name} is used in the transaction that adds it: PostgreSQL refuses that",
		Instead: "add the value in a transaction of its own (-- +alone), before what uses it",
	},
	{
		ID: "timeout-off", Severity: Warning, Kind: hazard.Locks, verbs: []string{"set"}, fresh: true, when: timeoutOff,
		Text:    "SET {name} takes away the bound of how long others wait behind this upgrade",
		Instead: "leave it out: the runner sets lock_timeout and tries again",
		Like:    []string{"squawk: require-timeout-settings"},
	},
	{
		ID: "timeout-missing", Severity: Warning, Kind: hazard.Locks,
		Text:    "nothing bounds how long {form} waits for {lock}, and everybody who comes later waits behind it",
		Instead: "SET lock_timeout = '2s' before it",
		Like:    []string{"squawk: require-timeout-settings, require-lock-timeout"},
	},
	{
		ID: "suppression", Severity: Danger,
		Text:    "{text}",
		Instead: "-- lint:ignore <rule>: <why this is right here>",
	},
}

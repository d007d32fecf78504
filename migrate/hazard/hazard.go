package hazard

// Kind names a danger.
type Kind string

// The kinds of hazards.
const (
	DeletesData Kind = "deletes data"
	Rewrites    Kind = "rewrites the table"
	Locks       Kind = "lock"
	MayFail     Kind = "may fail"
	CannotUndo  Kind = "cannot be undone"
	ByHand      Kind = "by hand"
)

// Kinds lists all kinds.
func Kinds() []Kind { return []Kind{DeletesData, Rewrites, Locks, MayFail, CannotUndo, ByHand} }

// Hazard is what a reader must know before a statement runs.
type Hazard struct {
	Kind Kind
	Text string
}

// Of is a hazard of kind k.
func (k Kind) Of(text string) Hazard { return Hazard{Kind: k, Text: text} }

// Lock is a level of PostgreSQL's table locks; a greater one conflicts with more.
//
//   - Source: the manual's chapter on explicit locking.
type Lock int

// The levels, from none to the one that keeps everybody out.
const (
	None Lock = iota
	AccessShare
	RowShare
	RowExclusive
	ShareUpdateExclusive
	Share
	ShareRowExclusive
	Exclusive
	AccessExclusive
)

// String is the level as LOCK TABLE spells it; "" for none.
func (l Lock) String() string {
	return [...]string{
		"", "ACCESS SHARE", "ROW SHARE", "ROW EXCLUSIVE", "SHARE UPDATE EXCLUSIVE", "SHARE", "SHARE ROW EXCLUSIVE", "EXCLUSIVE", "ACCESS EXCLUSIVE",
	}[l]
}

// Stops says whom a lock keeps waiting: "reads and writes", "writes", "other
// changes of the schema" or "".
func (l Lock) Stops() string {
	switch {
	case l >= AccessExclusive:
		return "reads and writes"
	case l >= Share:
		return "writes"
	case l >= ShareUpdateExclusive:
		return "other changes of the schema"
	default:
		return ""
	}
}

// Span says how long a statement needs, beside waiting for its lock.
type Span int

// The spans. Only [Moment] does not grow with the table.
const (
	Moment Span = iota
	Scan        // all rows are read
	Build       // indexes are built
	Copy        // the table is written anew
)

// String is the span as [Lock.On] ends its sentence.
func (s Span) String() string {
	return [...]string{"for a moment", "while all rows are read", "while its indexes are built", "while it is copied"}[s]
}

// On is the hazard of holding l on what for span; a copy is of kind [Rewrites].
func (l Lock) On(what string, span Span) Hazard {
	kind := Locks
	if span == Copy {
		kind = Rewrites
	}
	return kind.Of(l.String() + " on " + what + " " + span.String())
}

// OnUntil is the hazard of holding l on what while something that no [Span] names
// goes on; until begins with while, until or from.
func (l Lock) OnUntil(what, until string) Hazard {
	return Locks.Of(l.String() + " on " + what + " " + until)
}

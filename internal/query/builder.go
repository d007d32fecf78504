package query

import (
	"errors"
	"fmt"
	"reflect"
	"time"

	"github.com/retort-go/retort/internal/mapper"
	"github.com/retort-go/retort/internal/model"
	"github.com/retort-go/retort/internal/sqltext"
)

// builder writes one statement. Errors are collected, so that a query with
// three mistakes names three.
type builder struct {
	sqltext.Builder
	label   int // bytes of the label, in front of which nothing goes
	args    mapper.Args
	oids    []uint32
	sources []source
	outer   [][]source // of the queries that this one is written in, innermost last
	entered *Select    // the query that sources are those of
	errs    []error

	world   World
	lifted  []string // filters that the query at hand leaves out
	grouped bool
	commons []common
	tables  []*model.Table // that the text names, but for those inside of commons
	repeats []repeated     // expressions that others must be the same as
	outputs *Rows          // whose fields ORDER BY may name
	depth   int
	effects Effects
	now     time.Time // see moment
	inline  bool      // values are written as constants, for COPY
	shown   bool      // and logs show them, too
	quotes  int       // constants so far
	secret  bool      // a secret column was named, see hushed

	// Room for what most queries need, in the allocation of the builder itself.
	room struct {
		values  [8][]byte
		formats [8]int16
		oids    [8]uint32
		sources [1]source
		tables  [2]*model.Table
		keys    [4]orderKey
	}
}

func (w World) model(declaration any) *model.Table {
	if w.Models == nil {
		return nil
	}
	return w.Models.Model(declaration)
}

// Effects are what a statement may do beyond reading.
type Effects struct {
	Writes bool // rows, past the session's objects
	Locks  bool // rows, until the transaction ends
	Raw    bool // whatever SQL of the user's own does
}

// Opens tells whether the statement must not run outside of a transaction.
func (e Effects) Opens() bool { return e.Locks || e.Raw || e.Writes }

func newBuilder(label string, t *model.Table, qualifier string) *builder {
	b := &builder{}
	b.args.Values, b.args.Formats, b.oids = b.room.values[:0], b.room.formats[:0], b.room.oids[:0]
	b.sources = append(b.room.sources[:0], source{table: t, qualifier: qualifier})
	b.tables = b.room.tables[:0]
	b.WriteString("/* retort:")
	b.WriteString(label)
	b.WriteString(" */ ")
	b.label = b.Len()
	return b
}

// Statement is SQL text with its encoded parameters.
//
//   - Shape: Values, Formats and OIDs pair up; OID 0 leaves the type to the
//     server.
type Statement struct {
	Effects
	SQL     string
	Values  [][]byte
	Formats []int16
	OIDs    []uint32
	Secrets uint64 // as of [mapper.Args]
}

func (b *builder) statement() (Statement, error) {
	if b.world.Failed != nil {
		b.errs = append(b.errs, b.world.Failed)
	}
	b.withCommons()
	if len(b.errs) > 0 {
		return Statement{}, errors.Join(b.errs...)
	}
	return Statement{SQL: b.String(), Values: b.args.Values, Formats: b.args.Formats, Secrets: b.args.Secrets, OIDs: b.oids, Effects: b.effects}, nil
}

func (b *builder) fail(format string, args ...any) {
	b.errs = append(b.errs, fmt.Errorf("retort: "+format, args...))
}

func (b *builder) column(s source, col int) {
	b.WriteString(s.qualifier)
	b.Ident(s.table.Columns[col].Name)
	if t, origin, ok := s.origin(col); ok && t.Plan.Secret(origin) {
		b.secret = true
	}
}

// hushed has f write. Where it names a secret column all values in it are secrets:
// what a pattern, a key or a number beside the column says of it.
func (b *builder) hushed(call string, f func()) {
	first, quotes, around, errs := len(b.args.Values), b.quotes, b.secret, len(b.errs)
	b.secret = false
	f()
	if b.secret {
		b.args.HideFrom(first)
		if b.shown && b.quotes > quotes && len(b.errs) == errs {
			b.failShown(call)
		}
	}
	b.secret = around
}

// value writes the next parameter, encoded as column col of s.
func (b *builder) value(call string, s source, col int, v any) {
	if f := s.facts(col); f.table != s.table || f.col != col {
		b.valueOf(call, f, v)
		return
	}
	if b.isStandIn(v) {
		b.fail("%s: the value for column %q is a field of a table's stand-in, which holds no data; to name a column put & before it and make it the first argument",
			call, s.table.Columns[col].Name)
		return
	}
	if b.inline {
		b.quoted(call, s.table.Plan.OID(col), func(a *mapper.Args) error { return s.table.Plan.AppendValue(a, col, v) })
		b.compositeCast(s.table, col, "")
		return
	}
	if err := s.table.Plan.AppendValue(&b.args, col, v); err != nil {
		b.errs = append(b.errs, nilHint(call, err))
		return
	}
	b.bindAs(s.table, col)
}

// bindAs is bind for a value of a column.
func (b *builder) bindAs(t *model.Table, col int) {
	b.bind(t.Plan.OID(col))
	b.compositeCast(t, col, "")
}

// compositeCast names the type of a composite, or of a list of them, which the server
// would take for a record of no type.
func (b *builder) compositeCast(t *model.Table, col int, brackets string) {
	if t.Plan.IsComposite(col) {
		b.WriteString("::" + t.Plan.SQLType(col) + brackets)
	}
}

// bind writes the placeholder of the value that was encoded last.
func (b *builder) bind(oid uint32) {
	b.oids = append(b.oids, oid)
	b.Arg()
}

// isStandIn tells whether a value is a pointer into a stand-in of the query: the
// slot of a nullable field, as in Eq(&c.Note, c.Note).
func (b *builder) isStandIn(v any) bool {
	in := func(sources []source) bool {
		for i := range sources {
			if _, _, ok := sources[i].find(v); ok {
				return true
			}
		}
		return false
	}
	for _, sources := range b.outer {
		if in(sources) {
			return true
		}
	}
	return in(b.sources)
}

func nilHint(call string, err error) error {
	var isNil *mapper.NilValueError
	if errors.As(err, &isNil) {
		return fmt.Errorf("retort: %s: a nil value compares with nothing; use retort.IsNull or retort.IsNotNull, or retort.Opt for an optional filter: %w", call, err)
	}
	return fmt.Errorf("retort: %s: %w", call, err)
}

// where writes WHERE and ps, or nothing when all are empty.
func (b *builder) where(ps []Predicate) {
	if allEmpty(ps) {
		return
	}
	b.WriteString("\nWHERE ")
	b.joined(ps, " AND ")
}

func (b *builder) joined(ps []Predicate, separator string) {
	first := true
	for _, p := range ps {
		if p.empty() {
			continue
		}
		if !first {
			b.WriteString(separator)
		}
		first = false
		b.predicate(p)
	}
}

func (b *builder) predicate(p Predicate) {
	switch p.op {
	case opAnd:
		b.group(p.subs, " AND ")
	case opOr:
		b.group(p.subs, " OR ")
	case opNot:
		b.WriteString("NOT ")
		b.group(p.subs, " AND ")
	default:
		b.hushed(p.name, func() { b.condition(p) })
	}
}

func (b *builder) group(ps []Predicate, separator string) {
	b.WriteString("(")
	b.joined(ps, separator)
	b.WriteString(")")
}

func (b *builder) condition(p Predicate) {
	switch p.op {
	case opLive:
		b.column(b.sources[0], b.sources[0].table.DeletedAt())
		b.WriteString(" IS NULL")
		return
	case opNode:
		b.node(p.name, p.node)
		return
	}
	s, col, ok := b.resolve(p.name, p.field)
	if !ok {
		return
	}
	b.column(s, col)
	switch p.op {
	case opCompare:
		b.WriteString(comparison(p.name))
		b.value(p.name, s, col, p.value)
	case opLike:
		b.like(p, s, col)
	case opIn:
		b.in(p, s, col)
	case opIsNull:
		b.WriteString(" IS NULL")
	case opIsNotNull:
		b.WriteString(" IS NOT NULL")
	}
}

// like passes the pattern as text: a pattern need not be a value of the column.
// An enum has no LIKE, and that of char(n) counts the padding: their text has
// neither trouble. A cast would make citext heed case.
func (b *builder) like(p Predicate, s source, col int) {
	if s.rows != nil {
		t, origin, ok := s.origin(col)
		if !ok {
			b.WriteString(" LIKE ")
			b.param(p.name, p.value)
			return
		}
		s, col = source{table: t}, origin
	}
	if kind := s.table.Plan.GoType(col).Kind(); kind != reflect.String {
		b.fail("%s: column %q holds %s, not text", p.name, s.table.Columns[col].Name, s.table.Plan.GoType(col))
		return
	}
	if s.table.Plan.Column(col).Enum || s.table.Plan.OID(col) == charOID {
		b.WriteString("::text")
	}
	b.WriteString(" LIKE ")
	if b.inline {
		b.constantLike(p, s, col)
		return
	}
	if _, err := b.world.Types.AppendText(&b.args, p.value.(string)); err != nil {
		b.errs = append(b.errs, fmt.Errorf("retort: %s: %w", p.name, err))
		return
	}
	if s.table.Plan.Column(col).Secret {
		b.args.Hide()
	}
	b.bind(textOID)
}

// The types text and char(n) in every PostgreSQL; see pg_type.dat.
const (
	textOID = 25
	charOID = 1042
)

// in passes the whole list as one array, so that its text is the same for any
// number of values. The array types of enums and of types of extensions are not
// known before the first connection: such values travel as text and are cast by
// name.
func (b *builder) in(p Predicate, s source, col int) {
	if s.rows != nil {
		t, origin, ok := s.origin(col)
		if !ok {
			b.WriteString(" = ANY(")
			b.param(p.name, p.value)
			b.WriteString(")")
			return
		}
		s, col = source{table: t}, origin
	}
	if b.inline {
		b.WriteString(" = ANY(")
		b.quoted(p.name, 0, func(a *mapper.Args) error { return s.table.Plan.AppendArray(a, col, p.value) })
		b.compositeCast(s.table, col, "[]")
		b.WriteString(")")
		return
	}
	if err := s.table.Plan.AppendArray(&b.args, col, p.value); err != nil {
		b.errs = append(b.errs, nilHint(p.name, err))
		return
	}
	oid := s.table.Plan.ArrayOID(col)
	b.WriteString(" = ANY(")
	b.Arg()
	if s.table.Plan.OID(col) == 0 {
		oid = textArrayOID
		b.WriteString("::text[]::" + s.table.Plan.SQLType(col) + "[]")
	}
	b.oids = append(b.oids, oid)
	b.WriteString(")")
}

// textArrayOID is the type text[] in every PostgreSQL; see pg_type.dat.
const textArrayOID = 1009

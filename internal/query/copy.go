package query

import (
	"github.com/retort-go/retort/internal/mapper"
	"github.com/retort-go/retort/internal/model"
	"github.com/retort-go/retort/internal/sqltext"
)

// CopyIn is the COPY that takes rows of a table in binary form.
func CopyIn(t *model.Table, columns []string) string {
	var b sqltext.Builder
	b.WriteString("/* retort:table.copy */ COPY ")
	b.WriteString(t.SQLName())
	b.WriteString(" (")
	b.Idents(columns, ", ")
	b.WriteString(") FROM STDIN (FORMAT binary)")
	return b.String()
}

// Constant is [Read] with values as quoted constants in the text, for COPY, which
// takes no parameters.
func Constant(f Form, w World, label string) (Statement, error) {
	b := newBuilder(label, nil, "")
	b.sources, b.world, b.inline = nil, w, true
	if sel, ok := f.(*Select); ok {
		own := *sel
		own.World = w
		f = &own
	}
	f.form(b)
	return b.statement()
}

// constants has f write values as constants. The server finds a partial index by them
// only: it takes a parameter for one while it plans for its value, which it does for
// the first five times of a prepared statement. Logs and observers have the text, so
// values of secret columns are refused.
func (b *builder) constants(f func()) {
	inline, shown := b.inline, b.shown
	b.inline, b.shown = true, true
	f()
	b.inline, b.shown = inline, shown
}

// constant writes a value without a column as text that the server reads as it would
// a parameter of that type.
func (b *builder) constant(call string, v any, oid uint32) {
	b.quoted(call, oid, func(a *mapper.Args) error {
		_, err := b.world.Types.AppendText(a, v)
		return err
	})
}

// constantLike writes the pattern of LIKE beside a column.
func (b *builder) constantLike(p Predicate, s source, col int) {
	b.quoted(p.name, 0, func(a *mapper.Args) error {
		_, err := b.world.Types.AppendText(a, p.value)
		if err == nil && s.table.Plan.Column(col).Secret {
			a.Hide()
		}
		return err
	})
}

// quoted writes the value that encode gives.
func (b *builder) quoted(call string, oid uint32, encode func(*mapper.Args) error) {
	args := mapper.Args{Text: true}
	if err := encode(&args); err != nil {
		b.errs = append(b.errs, nilHint(call, err))
		return
	}
	if args.Values[0] == nil {
		b.fail("%s: a nil value compares with nothing; use retort.IsNull", call)
		return
	}
	if b.shown && args.Secrets != 0 {
		b.failShown(call)
		return
	}
	b.quotes++
	text := string(args.Values[0])
	if err := sqltext.CheckLiteral(text); err != nil {
		b.errs = append(b.errs, nilHint(call, err))
		return
	}
	b.Literal(text)
	b.WriteString(constantCast(oid))
}

func (b *builder) failShown(call string) {
	b.fail("%s: the values that name a partial index stand in the SQL, which logs show, and this one is of a secret column; write the index's condition as a retort.Fragment, or leave that column out of it", call)
}

// constantCast is the cast to a built-in type whose constants need one.
func constantCast(oid uint32) string {
	switch oid {
	case 16:
		return "::bool"
	case 17:
		return "::bytea"
	case 20:
		return "::int8"
	case 21:
		return "::int2"
	case 23:
		return "::int4"
	case 700:
		return "::float4"
	case 701:
		return "::float8"
	case 1184:
		return "::timestamptz"
	case 2950:
		return "::uuid"
	}
	return ""
}

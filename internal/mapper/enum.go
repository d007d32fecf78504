package mapper

import "unsafe"

// enumType is what the program knows of an enum.
type enumType struct {
	labels []string // in sort order; none: any label passes
}

// isEnum reports an enum or an array of one.
func (pg *pgType) isEnum() bool {
	return pg.enum != nil || pg.isArray() && pg.item.enum != nil
}

// label stores a label, as the program spells it: nothing is copied.
func (d *decodeColumn) label(dst unsafe.Pointer, src []byte) error {
	pg := &d.in.pg
	for _, known := range pg.enum.labels {
		if string(src) == known {
			store(dst, known)
			return nil
		}
	}
	return d.stored("is a label of the enum " + pg.name + " that the program does not list; add it to NewEnum of " + d.column.elem.String() +
		", or take it out of the database; see docs/errors.md#unknown-label")
}

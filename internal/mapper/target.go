package mapper

import "reflect"

// ColumnAt finds the column whose field lies at a pointer into object.
//
//   - Shape: object is a *T of the plan's type, field a pointer to one of its
//     fields; ok is false for anything else.
func (p *Plan) ColumnAt(object, field any) (col int, ok bool) {
	if reflect.TypeOf(object) != reflect.PointerTo(p.object) || dataWord(object) == nil {
		return 0, false
	}
	at := uintptr(dataWord(field)) - uintptr(dataWord(object))
	if at >= p.object.Size() {
		return 0, false
	}
	t := typeWord(field)
	for i := range p.columns {
		if c := &p.columns[i]; c.offset == at && pointerWord(reflect.PointerTo(c.typ)) == t {
			return i, true
		}
	}
	return 0, false
}

// StandInOf makes a stand-in of a struct that the program holds, to name its
// fields: without slots, so that nullable fields are named by their address only.
//
//   - Cleanup: keeps the struct alive.
func StandInOf(object any, fields []Field) *StandIn {
	t := reflect.TypeOf(object).Elem()
	s := &StandIn{object: t, base: dataWord(object), size: t.Size()}
	for i, f := range fields {
		s.spots = append(s.spots, spot{f.Offset, pointerWord(reflect.PointerTo(f.Type)), i})
	}
	s.index()
	return s
}

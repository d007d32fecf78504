package retort

import (
	"context"
	"fmt"

	"github.com/retort-go/retort/internal/flight"
	"github.com/retort-go/retort/internal/mapper"
	"github.com/retort-go/retort/internal/model"
	"github.com/retort-go/retort/internal/query"
	"github.com/retort-go/retort/internal/unitofwork"
)

// read sends SELECTs that Retort built, with pending changes before them in the
// same flight, so that a session reads its own writes. reset clears what their
// row callbacks gathered.
func (s *Session) read(ctx context.Context, reset func(), reads ...flight.Statement) error {
	return s.readTrip(ctx, trip{reset: reset}, reads...)
}

// readTrip is read with the rest of the trip as the caller wants it.
func (s *Session) readTrip(ctx context.Context, t trip, reads ...flight.Statement) error {
	if err := s.takeAlong(ctx, &t, len(reads)); err != nil {
		return err
	}
	for i := range reads {
		t.raw = t.raw || reads[i].Raw
	}
	if t.work == nil {
		t.statements = reads
	} else {
		t.statements = append(t.statements, reads...)
	}
	if t.work != nil || s.open || s.snapshotIsolation() || t.opens || t.raw && !t.readOnly {
		t.begin = s.begin()
	}
	s.scope(&t)
	s.countReads(ctx, reads)
	if err := s.fly(ctx, t); err != nil {
		return err
	}
	if t.tag != nil {
		*t.tag = t.statements[len(t.statements)-1].Tag.RowsAffected()
	}
	return s.apply(ctx, t.work)
}

// takeAlong gives a trip of reads the pending changes, with room for its own
// statements.
func (s *Session) takeAlong(ctx context.Context, t *trip, room int) (err error) {
	if s.spares(t) {
		return s.misused()
	}
	t.work, t.statements, err = s.pending(ctx, room, false)
	return err
}

// spares reports whether a trip of reads leaves the pending changes for later:
// where the session was told so, and where it reads by key and updates of other
// rows of the same table are all there is. In a loop that reads and changes row
// after row, all changes then travel together in the end.
func (s *Session) spares(t *trip) bool {
	return s.opts.NoAutoflush || t.byKey != nil && len(s.filters) == 0 && s.unfiltered == nil && s.unit.OnlyUpdates(t.byKey)
}

// get is Table.Get without the type.
func (s *Session) get(ctx context.Context, t *model.Table, key any) (mapper.Object, error) {
	if err := s.ready(); err != nil {
		return mapper.Object{}, err
	}
	defer s.leave()
	k, err := t.ParseKey(key)
	if err != nil {
		return mapper.Object{}, fmt.Errorf("retort: Get %s: %w", t.Type, err)
	}
	if o, found := s.unit.Find(t, k); found {
		return o, nil
	}
	if s.unit.Gone(t, k) {
		return mapper.Object{}, ErrNotFound
	}
	row, err := s.selectByKey(ctx, "Get", t, key, trip{byKey: t})
	if err != nil {
		return mapper.Object{}, err
	}
	return s.unit.Load(t, row.object, row.then), nil
}

// selectByKey reads one row into a new object that the session does not know.
func (s *Session) selectByKey(ctx context.Context, call string, t *model.Table, key any, with trip) (*byKey, error) {
	f, st, err := s.byKeyStatement(call, t, key)
	if err != nil {
		return nil, err
	}
	with.reset = f.reset
	if err := s.readTrip(ctx, with, st); err != nil {
		return nil, err
	}
	if f.object.IsNil() {
		return nil, ErrNotFound
	}
	return f, nil
}

// byKeyStatement is the statement that reads one row, and what takes it.
func (s *Session) byKeyStatement(call string, t *model.Table, key any) (*byKey, flight.Statement, error) {
	f := &byKey{table: t}
	f.args.Values, f.args.Formats, f.args.Secrets = f.values[:0], f.formats[:0], 0
	f.args.In(f.bytes[:0])
	if err := t.AppendKey(&f.args, key); err != nil {
		return nil, flight.Statement{}, fmt.Errorf("retort: %s %s: %w", call, t.Type, err)
	}
	st := flight.Statement{
		SQL: t.SelectByKeySQL(), OIDs: t.KeyOIDs(), Args: f.args.Values, Formats: f.args.Formats, Secrets: f.args.Secrets, Row: f.row,
	}
	if len(s.filters) > 0 || s.unfiltered != nil {
		filtered, err := query.ByKey(t, key, s.world(), "session.get")
		if err != nil {
			return nil, flight.Statement{}, err
		}
		st = statement(filtered, f.row)
	}
	return f, st, nil
}

// byKey is what reading one row needs, in one allocation.
type byKey struct {
	table   *model.Table
	object  mapper.Object
	then    mapper.Snapshot
	args    mapper.Args
	values  [1][]byte
	formats [1]int16
	bytes   [16]byte // a uuid, or any number
}

func (f *byKey) row(fields []flight.Field, values [][]byte) error {
	dec, err := f.table.Decoder(model.ResultAll, fields)
	if err == nil {
		f.object, f.then, err = dec.DecodeOne(values)
	}
	if err != nil {
		return fmt.Errorf("retort: reading %s: %w", f.table.Type, err)
	}
	return nil
}

func (f *byKey) reset() { f.object, f.then = mapper.Object{}, mapper.Snapshot{} }

// Refresh reads the object's row again and gives the object its values, changed
// fields included.
//
//   - Shape: one round trip; pending changes of other objects fly with it.
//   - Errors: [ErrNotFound] when the row is gone; an object that is not persistent
//     in this session.
func (s *Session) Refresh(ctx context.Context, object any) error {
	if err := s.ready(); err != nil {
		return err
	}
	defer s.leave()
	t, o, err := s.resolve("Refresh", object)
	if err != nil {
		return err
	}
	if status := s.unit.Status(o); status != unitofwork.Persistent {
		return s.stranger("Refresh", t, o, status, "loaded or flushed by this session can be read again")
	}
	// Its own changes are about to be overwritten and must not be written before.
	if err := s.unit.Hold(o); err != nil {
		return fmt.Errorf("retort: Refresh %s: %w", t.Type, err)
	}
	defer s.unit.Unhold(o)
	fresh, err := s.selectByKey(ctx, "Refresh", t, t.KeyValue(o), trip{})
	if err != nil {
		return err
	}
	if status := s.unit.Status(o); status != unitofwork.Persistent { // a hook let it go meanwhile
		return s.stranger("Refresh", t, o, status, "that stay in the session can be read again")
	}
	s.unit.Reload(o, fresh.object, fresh.then)
	return nil
}

// receiver decodes whole rows of one table into new objects.
type receiver struct {
	table   *model.Table
	batch   *mapper.Batch
	expect  int // rows, as far as it is known
	objects []mapper.Object
	then    []mapper.Snapshot // of objects
	read    []mapper.Object   // the rows, once the session's own objects stand for some of them in objects
	rows    map[mapper.Object]mapper.Object
}

func (r *receiver) row(fields []flight.Field, values [][]byte) error {
	dec, err := r.table.Decoder(model.ResultAll, fields)
	if err != nil {
		return fmt.Errorf("retort: reading %s: %w", r.table.Type, err)
	}
	if r.batch == nil {
		r.batch = r.table.Plan.NewBatch(r.expect)
		n := max(r.expect, 4)
		r.objects, r.then = make([]mapper.Object, 0, n), make([]mapper.Snapshot, 0, n)
	}
	o, then, err := dec.DecodeKept(r.batch, values)
	if err != nil {
		return fmt.Errorf("retort: reading %s: %w", r.table.Type, err)
	}
	r.objects, r.then = append(r.objects, o), append(r.then, then)
	return nil
}

func (r *receiver) reset() { r.objects, r.then, r.batch = nil, nil, nil }

// rowOf is the row as it was read for which the session has had o before.
func (r *receiver) rowOf(o mapper.Object) (row mapper.Object, ok bool) {
	if r.rows == nil {
		r.rows = make(map[mapper.Object]mapper.Object, len(r.read))
		for i, row := range r.read {
			r.rows[r.objects[i]] = row
		}
	}
	row, ok = r.rows[o]
	return row, ok
}

// expected is how many rows a query with that limit is made ready for, -1 being
// none. Pages are full most often; a limit that is there for safety is not.
func expected(limit int) int {
	const page = 32
	if limit < 0 || limit > page {
		return 0
	}
	return limit
}

// load takes the rows into the session: same row, same object.
func (r *receiver) load(s *Session) []mapper.Object {
	r.read = s.unit.LoadAll(r.table, r.objects, r.then)
	r.kept(s)
	return r.objects
}

// reload is load for rows that are locked: what the session had before takes
// their values, as nobody else can change them any more.
func (r *receiver) reload(s *Session) []mapper.Object {
	for i, fresh := range r.objects {
		o := s.unit.Load(r.table, fresh, r.then[i])
		if o != fresh {
			s.unit.Reload(o, fresh, r.then[i])
		}
		r.objects[i] = o
	}
	r.kept(s)
	return r.objects
}

// created is reload for rows that the open transaction has inserted: a rollback takes
// them back.
func (r *receiver) created(s *Session) []mapper.Object {
	for i, fresh := range r.objects {
		if o := s.unit.LoadCreated(r.table, fresh, r.then[i]); o != fresh {
			s.unit.Reload(o, fresh, r.then[i])
			r.objects[i] = o
		}
	}
	r.kept(s)
	return r.objects
}

// kept tells the session that it has the rows now.
func (r *receiver) kept(s *Session) {
	if r.batch != nil {
		s.unit.Keep(r.batch)
	}
	r.then = nil
}

// statement makes a flight's statement of a built one.
func statement(st query.Statement, row func([]flight.Field, [][]byte) error) flight.Statement {
	return flight.Statement{SQL: st.SQL, OIDs: st.OIDs, Args: st.Values, Formats: st.Formats, Secrets: st.Secrets, Row: row, Raw: st.Raw}
}

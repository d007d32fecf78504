package mapper

import (
	"errors"
	"reflect"
	"unsafe"

	"github.com/jackc/pgx/v5/pgconn"
)

var errTODO = errors.New("mapper: not yet written")

// Args collects the parameters of one statement, encoded.
type Args struct {
	Values  [][]byte // nil is NULL
	Formats []int16  // per value: 0 text, 1 binary
	buf     []byte
}

func (a *Args) Reset() {}

func (p *Plan) Append(a *Args, o Object, col int) error               { return errTODO }
func (p *Plan) AppendValue(a *Args, col int, v any) error             { return errTODO }
func (p *Plan) AppendArray(a *Args, col int, vs any) error            { return errTODO }
func (p *Plan) AppendColumn(a *Args, objects []Object, col int) error { return errTODO }
func AppendText(a *Args, v any) error                                 { return errTODO }

type Decoder struct{}

func (p *Plan) Decoder(cols []int, oids []uint32) (*Decoder, error) { return nil, errTODO }
func (d *Decoder) Matches(fields []pgconn.FieldDescription) bool    { return false }
func (d *Decoder) Decode(o Object, values [][]byte) error           { return errTODO }
func (d *Decoder) DecodeNew(b *Batch, values [][]byte) (Object, error) {
	return Object{}, errTODO
}

type Scan struct{ plan *Plan }

func ScanPlan(t reflect.Type) (*Scan, error)                               { return nil, errTODO }
func (s *Scan) Plan() *Plan                                                { return s.plan }
func (s *Scan) Decoder(fields []pgconn.FieldDescription) (*Decoder, error) { return nil, errTODO }

type Key struct {
	hi, lo uint64
	s      string
}

func (p *Plan) Key(o Object, col int) Key            { return Key{} }
func (p *Plan) KeyOf(col int, v any) (Key, error)    { return Key{}, errTODO }
func (p *Plan) CompareKeys(a, b Object, col int) int { return 0 }

type Snapshot struct{ p unsafe.Pointer }

func (s Snapshot) IsNil() bool { return s.p == nil }

type snapPlan struct{}

func newSnapPlan(p *Plan) snapPlan                                     { return snapPlan{} }
func (p *Plan) Snapshot(o Object) Snapshot                             { return Snapshot{} }
func (p *Plan) Changed(o Object, s Snapshot, dst []int) ([]int, error) { return dst, errTODO }

func notJSON(t reflect.Type, seen map[reflect.Type]bool) string { return "" }

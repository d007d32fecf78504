package mapper_test

import (
	"context"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgtype"
	"pgregory.net/rapid"

	"github.com/retort-go/retort/internal/mapper"
)

// anything has columns whose text needs care: what containers quote, and what
// the server might round.
type anything struct {
	Number  string
	Exact   pgtype.Numeric
	Took    time.Duration
	Span    pgtype.Interval
	Clock   time.Time
	Stamps  []pgtype.Timestamptz
	Host    *netip.Addr
	Nets    []netip.Prefix
	Texts   [][]*string
	Moods   []*Status
	Cites   [][]string
	Labels  map[string]*string
	Maps    []map[string]string
	Doc     map[string]string
	Docs    []map[string]any
	Home    *plainAddress
	Homes   []address
	Boxes   []parcel
	Words   pgtype.Range[pgtype.Numeric]
	Days    pgtype.Multirange[pgtype.Range[time.Time]]
	Floats  []float64
	Reals   []*float32
	Bytes   [][]byte
	Secret  encrypted
	Emails  []string
	Trees   []path
	Present bool
}

var anythingTypes = map[string]string{
	"number": "numeric", "took": "interval", "clock": "timestamp", "moods": "mood[]", "cites": "citext[]", "labels": "hstore", "maps": "hstore[]",
	"doc": "jsonb", "docs": "jsonb[]", "secret": "text", "emails": "email[]", "days": "datemultirange", "nets": "inet[]",
}

func drawAnything(t *rapid.T) *anything {
	text := rapid.Custom(func(t *rapid.T) string {
		special := rapid.StringOfN(rapid.SampledFrom([]rune(`"\,(){}[]' =>;NULL`+"\n\té😀")), 0, 8, -1)
		return strings.ReplaceAll(rapid.OneOf(special, rapid.String()).Draw(t, "text"), "\x00", "")
	})
	lower := rapid.StringMatching(`[a-z ]{0,6}`)
	maybe := rapid.Custom(func(t *rapid.T) *string {
		if rapid.Bool().Draw(t, "null") {
			return nil
		}
		return new(text.Draw(t, "text"))
	})
	mood := rapid.SampledFrom([]Status{"glad", "so so", `N"\`})
	n, small := rapid.Int64Range(-1e15, 1e15).Draw(t, "n"), rapid.Int32Range(-1e5, 1e5).Draw(t, "small")
	at := time.Unix(n/1e4, n%1e6*1000).UTC()
	day := at.Truncate(24 * time.Hour)
	a := &anything{
		Number: drawNumericText(t), Exact: drawNumeric(t), Took: time.Duration(n) * 1000, Span: pgtype.Interval{Months: small, Days: -small / 2, Microseconds: n, Valid: true}, Clock: at,
		Stamps: []pgtype.Timestamptz{{Time: at, Valid: true}, {}, {InfinityModifier: pgtype.NegativeInfinity, Valid: true}}, Nets: []netip.Prefix{netip.PrefixFrom(netip.AddrFrom4([4]byte{byte(n), 1, 2, 3}), int(uint64(n)%33))},
		Texts: [][]*string{{maybe.Draw(t, "a"), maybe.Draw(t, "b")}, {nil, new("NULL")}}, Moods: []*Status{nil, new(mood.Draw(t, "mood"))}, Cites: [][]string{{text.Draw(t, "cite")}, {""}},
		Labels: map[string]*string{text.Draw(t, "key"): maybe.Draw(t, "value")}, Maps: []map[string]string{{text.Draw(t, "key"): text.Draw(t, "value")}, {}},
		Doc: rapid.MapOf(text, text).Draw(t, "doc"), Docs: []map[string]any{{text.Draw(t, "key"): text.Draw(t, "value")}, {}},
		Homes:  []address{{Street: text.Draw(t, "street"), Mood: mood.Draw(t, "mood"), Zip: small, Note: maybe.Draw(t, "note"), Geo: []float64{float64(n) / 7}}},
		Words:  pgtype.Range[pgtype.Numeric]{Lower: numericOf("-1"), Upper: numericOf("1.50"), LowerType: pgtype.Exclusive, UpperType: pgtype.Inclusive, Valid: small > 0},
		Days:   pgtype.Multirange[pgtype.Range[time.Time]]{{Lower: day, Upper: day.AddDate(0, 0, 3), LowerType: pgtype.Inclusive, UpperType: pgtype.Exclusive, Valid: true}},
		Floats: []float64{rapid.Float64().Draw(t, "float")}, Reals: []*float32{nil, new(rapid.Float32().Draw(t, "real"))}, Bytes: [][]byte{rapid.SliceOfN(rapid.Byte(), 0, 9).Draw(t, "bytes"), {}},
		Secret: encrypted(lower.Draw(t, "secret")), Emails: []string{text.Draw(t, "name") + "@"}, Trees: []path{"a.b", ""}, Present: true,
	}
	if !a.Words.Valid {
		a.Words = pgtype.Range[pgtype.Numeric]{}
	}
	if small%2 == 0 {
		a.Host, a.Home = new(netip.AddrFrom16([16]byte{byte(n), 15: 1})), &plainAddress{Street: text.Draw(t, "street"), Since: day, Tags: []string{text.Draw(t, "tag")}}
	}
	a.Boxes = []parcel{{ID: UUID{byte(n)}, To: &a.Homes[0], Weight: a.Exact, Took: -a.Took}, {}}
	return a
}

func drawNumericText(t *rapid.T) string {
	return rapid.StringMatching(`([1-9][0-9]{0,20}|0)(\.[0-9]{1,20})?`).Draw(t, "number")
}

func TestServer_returns_any_values_as_they_were(t *testing.T) {
	t.Parallel()
	pc, types := pairDB(t), pairTypes(t)
	p, err := types.Compile(typeOf[anything](), columnsOf[anything](t, anythingTypes))
	if err != nil {
		t.Fatal(err)
	}
	var alone, arrays, picks, aliases []string
	var oids, arrayOIDs []uint32
	for col := range p.Len() {
		mark, name := "$"+itoa(col+1), p.Column(col).PGType
		alone, oids = append(alone, mark+"::"+name), append(oids, p.OID(col))
		alias := "c" + itoa(col)
		if arrayOIDs = append(arrayOIDs, p.ArrayOID(col)); p.ArrayOID(col) == 0 {
			mark += "::" + name + "[]"
		}
		arrays, picks, aliases = append(arrays, mark), append(picks, alias+"::"+name), append(aliases, alias)
	}
	unnest := "SELECT " + strings.Join(picks, ", ") + " FROM unnest(" + strings.Join(arrays, ", ") + ") WITH ORDINALITY AS u(" + strings.Join(aliases, ", ") + ", n) ORDER BY n"
	rapid.Check(t, func(t *rapid.T) {
		a, b := drawAnything(t), drawAnything(t)
		objects := make([]mapper.Object, 2)
		objects[0], _ = p.ObjectOf(a)
		objects[1], _ = p.ObjectOf(b)
		var one, many mapper.Args
		for col := range p.Len() {
			if err := p.Append(&one, objects[0], col); err != nil {
				t.Fatal(err)
			}
			if err := p.AppendColumn(&many, objects, col); err != nil {
				t.Fatal(err)
			}
		}
		returned(t, pc, p, "SELECT "+strings.Join(alone, ", "), &one, oids, a)
		returned(t, pc, p, unnest, &many, arrayOIDs, a, b)
	})
}

func returned(t *rapid.T, pc *pgconn.PgConn, p *mapper.Plan, sql string, args *mapper.Args, oids []uint32, want ...*anything) {
	read := pc.ExecParams(context.Background(), sql, args.Values, oids, args.Formats, []int16{1}).Read()
	if read.Err != nil || len(read.Rows) != len(want) {
		t.Fatalf("%d rows, %v\n%s", len(read.Rows), read.Err, sql)
	}
	d, err := p.Decoder(allColumns(p), mapper.OIDs(read.FieldDescriptions))
	if err != nil {
		t.Fatal(err)
	}
	for i, row := range read.Rows {
		o := p.New()
		if err := d.Decode(o, row); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want[i], p.Any(o), pairOptions); diff != "" {
			t.Fatal(diff)
		}
		sent, _ := p.ObjectOf(want[i])
		if changed, err := p.Changed(o, p.Snapshot(sent), nil); err != nil || len(changed) > 0 {
			t.Fatalf("what came back counts as changed: %v, %v", changed, err)
		}
	}
}

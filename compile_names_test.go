package retort_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/gofrs/uuid/v5"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/retorttest"
	"github.com/retort-go/retort/schema"
)

// Whoever says last who makes a value is right.
type (
	serverKey struct {
		retort.UUIDKey
		Note string
	}
	clientKey struct {
		ID   rowID
		Note string
	}
)

func (serverKey) Define(d *retort.Definition[serverKey]) {
	d.Column(&d.C.ID).ServerMade("gen_random_uuid()")
}

func (clientKey) Define(d *retort.Definition[clientKey]) {
	d.PrimaryKey(&d.C.ID)
	d.Column(&d.C.ID).ServerMade("gen_random_uuid()")
	d.Column(&d.C.ID).MadeBy(retort.UUIDv4)
}

func TestWhoMakesTheKey(t *testing.T) {
	t.Parallel()
	k := retorttest.New(t, retort.NewBase(retort.NewTable[serverKey]("server"), retort.NewTable[clientKey]("client")))
	ctx := t.Context()
	s := k.Engine.Session()
	defer s.Close(ctx)
	server, client := &serverKey{Note: "s"}, &clientKey{Note: "c"}
	s.Add(server, client)
	if !server.ID.IsNil() || client.ID == (rowID{}) {
		t.Errorf("after Add: %s and %x", server.ID, client.ID)
	}
	must(t, s.Commit(ctx))
	if got := k.QueryString(t, "SELECT id FROM server"); got != server.ID.String() {
		t.Errorf("the row is %s, the object %s", got, server.ID)
	}
	if got := k.QueryString(t, "SELECT id FROM client"); got != uuid.UUID(client.ID).String() {
		t.Errorf("the row is %s, the object %x", got, client.ID)
	}
}

// Identifiers that need their quotes, everywhere a name can stand.
type (
	orderLine struct {
		Key    uuid.UUID        `db:"select"`
		Parent *uuid.UUID       `db:"Parent \"ID\""`
		Kind   weirdKind        `db:"größe"`
		Text   string           `db:"white  space"`
		Table  *json.RawMessage `db:"table"`
		Stamp  int32            `db:"retort_key"`
		OK     bool             `db:"ok"`
		Lines  retort.Many[orderLine]
	}
	weirdKind string
)

var orderLines = retort.NewTable[orderLine](`Order; DROP TABLE "x" --`)

func (orderLine) Define(d *retort.Definition[orderLine]) {
	d.PrimaryKey(&d.C.Key)
	d.Column(&d.C.Key).MadeBy(retort.UUIDv7)
	d.Version(&d.C.Stamp)
	d.References(&d.C.Parent, &orderLines.C.Key).OnDelete(schema.SetNull).Deferrable(schema.InitiallyDeferred)
	d.Unique(&d.C.Text, &d.C.Kind).Where(`"white  space" <> ''`)
	d.Index(&d.C.Parent)
	d.Check("ok", `"ok" OR "white  space" <> 'x'`)
	retort.HasMany(d, &d.C.Lines, orderLines, func(l *orderLine) **uuid.UUID { return &l.Parent })
}

func TestNamesThatNeedQuotes(t *testing.T) {
	t.Parallel()
	kinds := retort.NewEnum[weirdKind](`Kind "of"`, "a'b", "größer", "with space")
	k := retorttest.New(t, retort.NewBase(orderLines, kinds))
	ctx := t.Context()
	s := k.Engine.Session()
	defer s.Close(ctx)
	c := orderLines.C
	parent := &orderLine{Kind: "größer", Text: "parent", OK: true}
	s.Add(parent)
	child := &orderLine{Kind: "a'b", Text: "child", Parent: &parent.Key, Table: new(json.RawMessage(`{"a": 1}`))}
	s.Add(child)
	must(t, s.Commit(ctx))
	child.Text = "changed"
	must(t, s.Commit(ctx))
	if child.Stamp != 2 {
		t.Errorf("version %d", child.Stamp)
	}
	fresh := k.Engine.Session()
	defer fresh.Close(ctx)
	q := orderLines.Where(retort.In(&c.Kind, []weirdKind{"größer", "with space"}), retort.Contains(&c.Kind, "ö"), retort.Eq(&c.OK, true), retort.IsNull(&c.Parent)).
		OrderBy(retort.Desc(&c.Kind), retort.Asc(&c.Text))
	rows, err := q.With(&c.Lines).Limit(10).All(ctx, fresh)
	must(t, err)
	if len(rows) != 1 {
		t.Fatalf("%d rows", len(rows))
	}
	lines, err := rows[0].Lines.All()
	must(t, err)
	if len(lines) != 1 || lines[0].Text != "changed" || string(*lines[0].Table) != `{"a": 1}` {
		t.Errorf("lines %+v", lines)
	}
	position, err := q.Position(fresh, rows[0])
	must(t, err)
	if n, err := q.After(position...).Count(ctx, fresh); err != nil || n != 0 {
		t.Errorf("behind the last: %d, %v", n, err)
	}
	fresh.Delete(rows[0], lines[0])
	must(t, fresh.Commit(ctx))
	if err := retort.NewBase(orderLines, kinds).CreateAll(ctx, k.Engine); err != nil {
		t.Errorf("a second CreateAll: %v", err)
	}
}

// Two tables that refer to each other, by keys of two columns too.
type (
	left struct {
		retort.UUIDKey
		Tenant  int32
		RightID *uuid.UUID
	}
	right struct {
		retort.UUIDKey
		Tenant int32
		LeftID uuid.UUID
	}
)

var (
	lefts  = retort.NewTable[left]("lefts")
	rights = retort.NewTable[right]("rights")
)

func (left) Define(d *retort.Definition[left]) {
	d.References(&d.C.RightID, &rights.C.ID).Deferrable(schema.InitiallyDeferred)
	d.Unique(&d.C.Tenant, &d.C.ID)
}

func (right) Define(d *retort.Definition[right]) {
	d.ForeignKey([]any{&d.C.Tenant, &d.C.LeftID}, []any{&lefts.C.Tenant, &lefts.C.ID}).Name("fk_of_my_own").OnUpdate(schema.Cascade)
}

func TestCyclesAndCompositeKeys(t *testing.T) {
	t.Parallel()
	base := retort.NewBase(rights, lefts, retort.Naming{PrimaryKey: "{table}_pkey", ForeignKey: "{table}_{columns}_fkey"})
	text, err := base.SQL()
	must(t, err)
	for _, want := range []string{
		`ADD CONSTRAINT "fk_of_my_own" FOREIGN KEY ("tenant", "left_id")` + "\n    REFERENCES \"lefts\" (\"tenant\", \"id\")\n    ON UPDATE CASCADE",
		`ADD CONSTRAINT "lefts_right_id_fkey" FOREIGN KEY ("right_id")`, `CONSTRAINT "rights_pkey" PRIMARY KEY`, `CONSTRAINT "uq_lefts_tenant_id"`,
		"DEFERRABLE INITIALLY DEFERRED",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("%s is not in\n%s", want, text)
		}
	}
	k := retorttest.New(t, base)
	ctx := t.Context()
	s := k.Engine.Session()
	defer s.Close(ctx)
	l := &left{Tenant: 1}
	s.Add(l)
	r := &right{Tenant: 1, LeftID: l.ID}
	s.Add(r)
	l.RightID = &r.ID
	must(t, s.Commit(ctx))
	if n := k.QueryInt(t, "SELECT count(*) FROM lefts JOIN rights ON right_id = rights.id AND left_id = lefts.id"); n != 1 {
		t.Errorf("%d pairs", n)
	}
}

package retort_test

import (
	"testing"

	"github.com/gofrs/uuid/v5"
	"github.com/google/go-cmp/cmp"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/schema"
)

// Mixins of a user's own: one embedded in another, one whose name is not
// exported, and one of them overruled.
type (
	Owned struct {
		OwnerID uuid.UUID
		Label   string
	}
	audited struct {
		Owned
		ChangedBy string
	}
	Ticket struct {
		retort.BigintKey
		audited
		retort.Version
		Title string `db:"subject"`
	}
	Memo struct { // embeds one Define only, which Go promotes
		audited
		Text string
	}
	// Settings is stored whole and is no set of columns.
	Settings struct{ Theme string }
	Profile  struct {
		retort.UUIDKey
		Settings `db:"settings"`
		Left     Ignored `db:"-"`
		Ignored  `db:"-"`
	}
	Ignored struct{ Secret chan int }
)

func (Owned) Define(d *retort.Definition[Owned]) {
	d.Index(&d.C.OwnerID)
	d.Column(&d.C.Label).Type("varchar(10)")
}

func (audited) Define(d *retort.Definition[audited]) {
	d.Check("changed_by_given", "changed_by <> ''")
	d.Column(&d.C.ChangedBy).Default("'nobody'")
	d.Column(&d.C.Label).Default("'-'")
}

func (Ticket) Define(d *retort.Definition[Ticket]) {
	d.Column(&d.C.Label).Type("varchar(20)")
	d.Column(&d.C.ID).Identity(schema.IdentityAlways)
	d.Unique(&d.C.Title)
}

func (*Memo) Define(d *retort.Definition[Memo]) { d.PrimaryKey(&d.C.OwnerID) }

func (Settings) Define(*retort.Definition[Settings]) { panic("not a set of columns") }

func (Ignored) Define(*retort.Definition[Ignored]) { panic("left out") }

func (Profile) Define(d *retort.Definition[Profile]) { d.Column(&d.C.Settings).Type("jsonb") }

func TestMixins(t *testing.T) {
	t.Parallel()
	base := retort.NewBase(retort.NewTable[Ticket]("tickets"), retort.NewTable[Memo]("memos"), retort.NewTable[Profile]("profiles"))
	text, err := base.SQL()
	must(t, err)
	want := `CREATE TABLE "tickets" (
    "id" bigint GENERATED ALWAYS AS IDENTITY NOT NULL,
    "owner_id" uuid NOT NULL,
    "label" varchar(20) NOT NULL DEFAULT '-',
    "changed_by" text NOT NULL DEFAULT 'nobody',
    "version" bigint NOT NULL DEFAULT 1,
    "subject" text NOT NULL,
    CONSTRAINT "pk_tickets" PRIMARY KEY ("id"),
    CONSTRAINT "uq_tickets_subject" UNIQUE ("subject"),
    CONSTRAINT "ck_tickets_changed_by_given" CHECK (changed_by <> '')
);

CREATE TABLE "memos" (
    "owner_id" uuid NOT NULL,
    "label" varchar(10) NOT NULL DEFAULT '-',
    "changed_by" text NOT NULL DEFAULT 'nobody',
    "text" text NOT NULL,
    CONSTRAINT "pk_memos" PRIMARY KEY ("owner_id"),
    CONSTRAINT "ck_memos_changed_by_given" CHECK (changed_by <> '')
);

CREATE TABLE "profiles" (
    "id" uuid NOT NULL,
    "settings" jsonb NOT NULL,
    CONSTRAINT "pk_profiles" PRIMARY KEY ("id")
);

CREATE INDEX "ix_tickets_owner_id"
    ON "tickets" ("owner_id");

CREATE INDEX "ix_memos_owner_id"
    ON "memos" ("owner_id");

`
	if diff := cmp.Diff(want, text); diff != "" {
		t.Error(diff)
	}
}

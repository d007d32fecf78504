package beside_test

import (
	"context"
	stdsql "database/sql"
	"errors"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/rivermigrate"
	"go.uber.org/goleak"
	"gorm.io/driver/postgres"
	"gorm.io/gorm"
	"gorm.io/gorm/logger"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/retorttest"
)

func TestMain(m *testing.M) {
	retorttest.Main(m, func() error { return goleak.Find() })
}

// Ticket is a model of Retort's; the same table is known to sqlc's code and GORM.
type Ticket struct {
	retort.UUIDKey
	Title string
}

// Define declares what the fields cannot say.
func (Ticket) Define(d *retort.Definition[Ticket]) { d.Unique(&d.C.Title) }

var (
	Tickets = retort.NewTable[Ticket]("tickets")
	base    = retort.NewBase(Tickets)
)

// gormTicket is the same table for GORM.
type gormTicket struct {
	ID    string `gorm:"primaryKey;type:uuid"`
	Title string
}

func (gormTicket) TableName() string { return "tickets" }

// pastry is a job of River's.
type pastry struct {
	Title string `json:"title"`
}

func (pastry) Kind() string { return "pastry" }

// inSession is GORM inside a session: everything it does is the session's to
// commit. docs/guides/beside.md shows it.
func inSession(ctx context.Context, db *gorm.DB, s *retort.Session) *gorm.DB {
	tx := db.Session(&gorm.Session{NewDB: true, Context: ctx, SkipDefaultTransaction: true})
	tx.Statement.ConnPool = s.SQLDB()
	return tx
}

// house is a database with everything in it.
type house struct {
	*retorttest.Kit
	pool  *pgxpool.Pool
	river *river.Client[pgx.Tx]
	gorm  *gorm.DB
}

func newHouse(t *testing.T) house {
	t.Helper()
	ctx := t.Context()
	h := house{Kit: retorttest.New(t, base)}
	var err error
	h.pool, err = pgxpool.New(ctx, h.URL())
	must(t, err)
	t.Cleanup(h.pool.Close)
	driver := riverpgxv5.New(h.pool)
	migrator, err := rivermigrate.New(driver, nil)
	must(t, err)
	_, err = migrator.Migrate(ctx, rivermigrate.DirectionUp, nil)
	must(t, err)
	h.river, err = river.NewClient(driver, &river.Config{})
	must(t, err)
	db := stdsql.OpenDB(h.Engine.Connector())
	t.Cleanup(func() { _ = db.Close() })
	h.gorm, err = gorm.Open(postgres.New(postgres.Config{Conn: db}), &gorm.Config{Logger: logger.Discard})
	must(t, err)
	return h
}

// counts are the tickets and the jobs that others see.
func (h house) counts(t *testing.T) [2]int64 {
	t.Helper()
	return [2]int64{h.QueryInt(t, "SELECT count(*) FROM tickets"), h.QueryInt(t, "SELECT count(*) FROM river_job")}
}

func must(tb testing.TB, err error) {
	tb.Helper()
	if err != nil {
		tb.Fatal(err)
	}
}

var errNo = errors.New("no")

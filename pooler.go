package retort

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/retort-go/retort/pgerr"
)

// PoolerFacts say what stands between an engine and its server.
type PoolerFacts struct {
	Declared bool // Config.Pooler is on
	Found    bool // something other than PostgreSQL's own process answers
}

// Pooler looks who answers at the other end of a connection.
//
//   - Shape: no round trip but that of a new connection. Found is certain when true; a pooler that hands on the
//     server's process ids is not found.
//   - Errors: as of [Engine.Ping].
func (e *Engine) Pooler(ctx context.Context) (PoolerFacts, error) {
	facts := PoolerFacts{Declared: e.fly.Pooler}
	lease, err := e.acquire(ctx)
	if err != nil {
		return facts, err
	}
	facts.Found = lease.Resource().BehindPooler()
	e.release(lease, nil)
	return facts, nil
}

// poolerSigns are the signs of a pooler between the engine and the server. Each
// is a warning, once in the engine's life: the thousandth says no more than the
// first.
type poolerSigns struct{ seen, switched, startup sync.Once }

// found: something other than PostgreSQL's process answered a connection attempt.
// Whether it shares connections between transactions cannot be asked.
func (p *poolerSigns) found(log *slog.Logger) {
	p.seen.Do(func() {
		log.Warn("retort: a pooler such as PgBouncer stands before the database; set Config.Pooler if it shares connections between transactions (pool_mode = transaction), " +
			"or requests will fail; see docs/guides/connecting.md#poolers")
	})
}

// lost: the server does not know a statement that this connection prepared.
func (p *poolerSigns) lost(log *slog.Logger, err error) {
	p.switched.Do(func() {
		log.Warn("retort: the server has lost a prepared statement, as happens behind a pooler in transaction mode; set Config.Pooler, "+
			"unless SQL of yours deallocates statements; see docs/guides/connecting.md#poolers", "error", err)
	})
}

// refused: the connection attempt failed; a pooler knows few of the settings that
// a start-up message can carry.
func (p *poolerSigns) refused(log *slog.Logger, err error) {
	e, ok := errors.AsType[*pgconn.PgError](err)
	if !ok || pgerr.Code(err) != "08P01" || !strings.Contains(e.Message, "startup parameter") {
		return
	}
	p.startup.Do(func() {
		log.Warn("retort: a pooler refuses a setting of Config.URL, or a time limit of Config; set Config.Pooler if it shares connections between transactions, "+
			"else remove the setting and use ALTER ROLE … SET, or list it in PgBouncer's ignore_startup_parameters; see docs/guides/connecting.md#poolers", "error", err)
	})
}

package observe

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/semconv/v1.43.0/dbconv"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/pool"
)

// Metrics makes an observer that measures with mp: db.client.operation.duration,
// one operation being one flight, and of db.client.connection count, idle.max,
// max, pending_requests, timeouts, create_time, wait_time and use_time.
//
//   - Shape: the pool's name is host:port/database. Limits that are -1 (none) are
//     not reported. Of SQL texts 500 different ones have a db.query.summary with
//     tables, all others only the operation.
//   - Errors: instruments that mp refuses.
//   - Concurrency: for one engine; see [retort.Observers].
func Metrics(mp metric.MeterProvider) (retort.Observer, error) {
	m := &metrics{meter: mp.Meter(scope, metric.WithSchemaURL(semconv.SchemaURL))}
	m.place.Store(&place{base: []attribute.KeyValue{semconv.DBSystemNamePostgreSQL}})
	var errs [4]error
	// The conventions ask for these bounds; the SDK's own are for milliseconds.
	bounds := metric.WithExplicitBucketBoundaries(0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10)
	m.duration, errs[0] = dbconv.NewClientOperationDuration(m.meter, bounds)
	m.create, errs[1] = dbconv.NewClientConnectionCreateTime(m.meter, bounds)
	m.wait, errs[2] = dbconv.NewClientConnectionWaitTime(m.meter, bounds)
	m.use, errs[3] = dbconv.NewClientConnectionUseTime(m.meter, bounds)
	if err := errors.Join(errs[:]...); err != nil {
		return nil, fmt.Errorf("observe: Metrics: %w", err)
	}
	return m, nil
}

// metrics is the observer that Metrics makes.
type metrics struct {
	meter     metric.Meter
	place     atomic.Pointer[place]
	summaries summaries
	sets      sync.Map // of operation to attribute.Set

	duration dbconv.ClientOperationDuration
	create   dbconv.ClientConnectionCreateTime
	wait     dbconv.ClientConnectionWaitTime
	use      dbconv.ClientConnectionUseTime
}

// place is what is known of the engine.
type place struct {
	base []attribute.KeyValue // of operations
	name string               // of the pool
	pool attribute.Set
}

// operation is a class of flights that are measured together.
type operation struct {
	summary
	kind, code string
}

// ObserveEngine registers the gauges, which ask the engine's pool.
func (m *metrics) ObserveEngine(e *retort.Engine) {
	address := e.Address()
	p := &place{base: placeOf(address), name: poolName(address)}
	p.pool = attribute.NewSet(semconv.DBClientConnectionPoolName(p.name))
	m.place.Store(p)
	if err := m.gauges(e, p); err != nil {
		otel.Handle(fmt.Errorf("observe: Metrics: %w", err))
	}
}

// gauges registers what is asked for at each collection.
func (m *metrics) gauges(e *retort.Engine, p *place) error {
	var errs [5]error
	count, err := dbconv.NewClientConnectionCountObservable(m.meter)
	errs[0] = err
	idleMax, err := dbconv.NewClientConnectionIdleMaxObservable(m.meter)
	errs[1] = err
	most, err := dbconv.NewClientConnectionMaxObservable(m.meter)
	errs[2] = err
	pending, err := dbconv.NewClientConnectionPendingRequestsObservable(m.meter)
	errs[3] = err
	timeouts, err := dbconv.NewClientConnectionTimeoutsObservable(m.meter)
	errs[4] = err
	if err := errors.Join(errs[:]...); err != nil {
		return err
	}
	only := metric.WithAttributeSet(p.pool)
	state := func(s dbconv.ClientConnectionStateAttr) metric.MeasurementOption {
		return metric.WithAttributes(semconv.DBClientConnectionPoolName(p.name), count.AttrClientConnectionState(s))
	}
	idle, used := state(dbconv.ClientConnectionStateIdle), state(dbconv.ClientConnectionStateUsed)
	_, err = m.meter.RegisterCallback(func(_ context.Context, o metric.Observer) error {
		s := e.Stats()
		o.ObserveInt64(count.Inst(), int64(s.Idle), idle)
		o.ObserveInt64(count.Inst(), int64(s.InUse), used)
		o.ObserveInt64(pending.Inst(), int64(s.Waiting), only)
		o.ObserveInt64(timeouts.Inst(), s.Timeouts, only)
		if s.Size != pool.Unlimited {
			o.ObserveInt64(idleMax.Inst(), int64(s.Size), only)
			if s.Overflow != pool.Unlimited {
				o.ObserveInt64(most.Inst(), int64(s.Size)+int64(s.Overflow), only)
			}
		}
		return nil
	}, count.Inst(), idleMax.Inst(), most.Inst(), pending.Inst(), timeouts.Inst())
	return err
}

// FlightStart is for traces.
func (m *metrics) FlightStart(ctx context.Context, _ retort.FlightInfo) context.Context { return ctx }

// FlightEnd measures the flight.
func (m *metrics) FlightEnd(ctx context.Context, f retort.FlightInfo) {
	kind, code := failure(f.Err)
	op := operation{summary: m.summaries.flight(&f, true), kind: kind, code: code}
	m.duration.RecordSet(ctx, f.Duration.Seconds(), m.set(op))
}

// set makes the attributes of a class of flights once.
func (m *metrics) set(op operation) attribute.Set {
	if s, ok := m.sets.Load(op); ok {
		return s.(attribute.Set)
	}
	base := m.place.Load().base
	attrs := append(base[:len(base):len(base)], semconv.DBQuerySummary(op.text), semconv.DBOperationName(op.operation))
	if op.kind != "" {
		attrs = append(attrs, semconv.ErrorTypeKey.String(op.kind))
	}
	if op.code != "" {
		attrs = append(attrs, semconv.DBResponseStatusCode(op.code))
	}
	s := attribute.NewSet(attrs...)
	m.sets.Store(op, s)
	return s
}

// Acquired measures waits that ended with a connection; the others are timeouts.
func (m *metrics) Acquired(ctx context.Context, wait time.Duration, err error) {
	if err == nil {
		m.wait.RecordSet(ctx, wait.Seconds(), m.place.Load().pool)
	}
}

// Released measures leases.
func (m *metrics) Released(ctx context.Context, held time.Duration, _ error) {
	m.use.RecordSet(ctx, held.Seconds(), m.place.Load().pool)
}

// PoolEvent measures how long connecting takes.
func (m *metrics) PoolEvent(e pool.Event) {
	if e.Kind == pool.EventOpened {
		m.create.RecordSet(context.Background(), e.Duration.Seconds(), m.place.Load().pool)
	}
}

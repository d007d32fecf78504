package retort

import (
	"context"
	"log/slog"
	"slices"
	"time"

	"github.com/retort-go/retort/pool"
)

// Observers makes one observer of several; each is told what it has methods for.
//
//   - Shape: in the order given, FlightEnd included; nil ones are left out, and
//     none at all is nil.
func Observers(list ...Observer) Observer {
	list = slices.DeleteFunc(slices.Clone(list), func(o Observer) bool { return o == nil })
	switch len(list) {
	case 0:
		return nil
	case 1:
		return list[0]
	default:
		return observerList(list)
	}
}

// observerList has every method that an observer can have.
type observerList []Observer

// FlightStart hands the context of each to the next.
func (l observerList) FlightStart(ctx context.Context, f FlightInfo) context.Context {
	for _, o := range l {
		ctx = o.FlightStart(ctx, f)
	}
	return ctx
}

// FlightEnd tells all.
func (l observerList) FlightEnd(ctx context.Context, f FlightInfo) {
	for _, o := range l {
		o.FlightEnd(ctx, f)
	}
}

// ObserveEngine tells those who want to know.
func (l observerList) ObserveEngine(e *Engine) {
	each(l, func(o EngineObserver) { o.ObserveEngine(e) })
}

// SessionEnd tells those who want to know.
func (l observerList) SessionEnd(ctx context.Context, s SessionInfo) {
	each(l, func(o SessionObserver) { o.SessionEnd(ctx, s) })
}

// SessionRetry tells those who want to know.
func (l observerList) SessionRetry(ctx context.Context, r RetryInfo) {
	each(l, func(o SessionObserver) { o.SessionRetry(ctx, r) })
}

// RetryRefused tells those who want to know.
func (l observerList) RetryRefused(ctx context.Context, r RetryInfo) {
	each(l, func(o RetryObserver) { o.RetryRefused(ctx, r) })
}

// BackgroundEnd tells those who want to know.
func (l observerList) BackgroundEnd(ctx context.Context, b BackgroundInfo) {
	each(l, func(o BackgroundObserver) { o.BackgroundEnd(ctx, b) })
}

// Acquired tells those who want to know.
func (l observerList) Acquired(ctx context.Context, wait time.Duration, err error) {
	each(l, func(o ConnectionObserver) { o.Acquired(ctx, wait, err) })
}

// Released tells those who want to know.
func (l observerList) Released(ctx context.Context, held time.Duration, err error) {
	each(l, func(o ConnectionObserver) { o.Released(ctx, held, err) })
}

// PoolEvent tells those who want to know.
func (l observerList) PoolEvent(event pool.Event) {
	each(l, func(o ConnectionObserver) { o.PoolEvent(event) })
}

// LogAttrs gathers what all know.
func (l observerList) LogAttrs(ctx context.Context) []slog.Attr {
	var attrs []slog.Attr
	each(l, func(o LogObserver) { attrs = append(attrs, o.LogAttrs(ctx)...) })
	return attrs
}

// each calls those that are an O.
func each[O any](l observerList, call func(O)) {
	for _, o := range l {
		if wants, ok := o.(O); ok {
			call(wants)
		}
	}
}

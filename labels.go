package retort

import "context"

// Labels say on whose behalf the database is asked. They travel in the context
// and reach traces, metrics and every log line; package web sets them.
//
//   - Shape: Route is a pattern ("GET /requests/{id}"), one of few, never a path.
//     An empty field is left out.
type Labels struct {
	Route     string
	RequestID string
}

// Labels makes Labels a [Labeler].
func (l Labels) Labels() Labels { return l }

// Labeler gives labels when they are asked for: a route may be known only after
// the context was made.
//
//   - Concurrency: asked on the goroutines that use the context.
type Labeler interface{ Labels() Labels }

// labelsKey finds the Labeler in a context.
type labelsKey struct{}

// WithLabels returns a context whose statements, leases and log lines carry the
// labels of l. It replaces the labels that ctx has.
func WithLabels(ctx context.Context, l Labeler) context.Context {
	return context.WithValue(ctx, labelsKey{}, l)
}

// LabelerOf returns what [WithLabels] was given, nil where nothing was.
func LabelerOf(ctx context.Context) Labeler {
	l, _ := ctx.Value(labelsKey{}).(Labeler)
	return l
}

// LabelsOf returns the labels of a context, empty ones where nobody set any.
func LabelsOf(ctx context.Context) Labels {
	if l := LabelerOf(ctx); l != nil {
		return l.Labels()
	}
	return Labels{}
}

// routeOf is the route of a context. Labelers that have it alone save finding out
// the rest: it is asked for each loan of a connection.
func routeOf(ctx context.Context) string {
	switch l := LabelerOf(ctx).(type) {
	case nil:
		return ""
	case interface{ Route() string }:
		return l.Route()
	default:
		return l.Labels().Route
	}
}

package retort

import (
	"context"
	"log/slog"
)

// LogHandler adds to each record what its context knows: route and request_id of
// its [Labels], and what a [LogObserver] of the engine knows, such as the
// trace. The engine's own lines and those of package web have it; give it your
// application's handler to have the same there.
//
//		log := slog.New(eng.LogHandler(slog.NewJSONHandler(os.Stderr, nil)))
//
//	  - Shape: a handler that has it already is returned as it is. The attributes
//	    stand in the group that is open.
func (e *Engine) LogHandler(next slog.Handler) slog.Handler {
	more, _ := e.watch.(LogObserver)
	return labeled(next, more)
}

func labeled(next slog.Handler, more LogObserver) slog.Handler {
	if h, ok := next.(*logHandler); ok {
		if h.more != nil || more == nil {
			return h
		}
		next = h.Handler
	}
	return &logHandler{Handler: next, more: more}
}

// logHandler is the handler that LogHandler makes.
type logHandler struct {
	slog.Handler
	more LogObserver // nil: none
}

// Handle passes the record on with its labels.
func (h *logHandler) Handle(ctx context.Context, r slog.Record) error {
	var attrs []slog.Attr
	l := LabelsOf(ctx)
	if l.Route != "" {
		attrs = append(attrs, slog.String("route", l.Route))
	}
	if l.RequestID != "" {
		attrs = append(attrs, slog.String("request_id", l.RequestID))
	}
	if h.more != nil {
		attrs = append(attrs, h.more.LogAttrs(ctx)...)
	}
	if len(attrs) > 0 {
		r = r.Clone() // its own may share memory with a copy
		r.AddAttrs(attrs...)
	}
	return h.Handler.Handle(ctx, r)
}

// WithAttrs keeps the labels.
func (h *logHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return &logHandler{Handler: h.Handler.WithAttrs(attrs), more: h.more}
}

// WithGroup keeps the labels.
func (h *logHandler) WithGroup(name string) slog.Handler {
	return &logHandler{Handler: h.Handler.WithGroup(name), more: h.more}
}

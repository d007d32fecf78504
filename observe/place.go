package observe

import (
	"context"
	"errors"
	"net"
	"strconv"

	"go.opentelemetry.io/otel/attribute"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/pgerr"
	"github.com/retort-go/retort/pool"
)

// scope is the name of the instrumentation.
const scope = "github.com/retort-go/retort/observe"

// placeOf are the attributes that all telemetry of one engine has.
func placeOf(a retort.Address) []attribute.KeyValue {
	attrs := []attribute.KeyValue{semconv.DBSystemNamePostgreSQL}
	if a.Database != "" {
		attrs = append(attrs, semconv.DBNamespace(a.Database))
	}
	if a.Host != "" {
		attrs = append(attrs, semconv.ServerAddress(a.Host))
	}
	if a.Port != 0 && a.Port != 5432 {
		attrs = append(attrs, semconv.ServerPort(a.Port))
	}
	return attrs
}

// poolName is the name that the conventions make of an address.
func poolName(a retort.Address) string {
	if a.Host == "" {
		return a.Database
	}
	return net.JoinHostPort(a.Host, strconv.Itoa(int(a.Port))) + "/" + a.Database
}

// failure are an error's attributes: error.type is the SQLSTATE where the server
// gave one, else one of few words.
func failure(err error) (kind, code string) {
	code = pgerr.Code(err)
	_, starved := errors.AsType[*pool.TimeoutError](err)
	switch {
	case err == nil:
		return "", ""
	case code != "" && !errors.Is(err, retort.ErrCommitUnknown):
		return code, code
	case starved:
		return "pool_timeout", code
	case errors.Is(err, context.Canceled):
		return "canceled", code
	case errors.Is(err, context.DeadlineExceeded) && !errors.Is(err, retort.ErrCommitUnknown):
		return "timeout", code
	default:
		return pgerr.KindOf(err).String(), code
	}
}

package proxy_test

import (
	"testing"

	"go.uber.org/goleak"

	"github.com/retort-go/retort/retorttest"
)

func TestMain(m *testing.M) {
	retorttest.Main(m, func() error { return goleak.Find() })
}

package retorttest

import (
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	Main(m, func() error { return goleak.Find() })
}

package guidetest_test

import (
	"testing"

	"github.com/retort-go/retort/retorttest"
)

func TestMain(m *testing.M) { retorttest.Main(m) }

func must(tb testing.TB, err error) {
	tb.Helper()
	if err != nil {
		tb.Fatal(err)
	}
}

package chaos_test

import (
	"testing"

	"github.com/retort-go/retort/bench/chaos"
	"github.com/retort-go/retort/retorttest"
	"github.com/retort-go/retort/retorttest/proxy"
)

func TestMain(m *testing.M) { retorttest.Main(m) }

// newEnv is the board's, on the test process's server.
func newEnv(t *testing.T) *chaos.Env {
	t.Helper()
	return &chaos.Env{
		Seed:   1,
		Server: retorttest.Server(t),
		Proxy:  func(url string) (*proxy.Proxy, error) { return proxy.Start(t, url), nil },
		Say:    t.Logf,
	}
}

// good fails the test where the board would be red, whatever the clock says.
func good(t *testing.T, line chaos.Line, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%s\nRetort: %s\npgxpool: %s\ncontrol (%s): %s", line.What, line.Retort, line.Pgxpool, line.ControlIs, line.Control)
	for _, failure := range line.Defects() {
		t.Error(failure)
	}
}

package doctor_test

import (
	"context"
	"testing"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/doctor"
	"github.com/retort-go/retort/localpg"
)

// TestExamine_standby looks at a real one, and at the same server once it was
// promoted.
func TestExamine_standby(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	start := func(s *localpg.Server, err error) *localpg.Server {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := s.Stop(ctx); err != nil {
				t.Error(err)
			}
		})
		return s
	}
	primary := start(localpg.Start(ctx, localpg.Config{}))
	standby := start(primary.Standby(ctx, localpg.Config{}))
	look := func() doctor.Report {
		t.Helper()
		eng, err := retort.Open(retort.Config{URL: standby.URL("postgres"), PoolSize: 1})
		if err != nil {
			t.Fatal(err)
		}
		defer eng.Close(ctx)
		r, err := doctor.Examine(ctx, eng, doctor.Options{})
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	r := look()
	if r.OK {
		t.Error("a standby is OK")
	}
	want(t, r, "writing", "wrong: writing: this is a standby: it takes no writes", "target_session_attrs=read-write")
	if lines := about(r, "writing"); len(lines) != 1 {
		t.Errorf("%q", lines)
	}
	if err := standby.Promote(ctx); err != nil {
		t.Fatal(err)
	}
	r = look()
	if !r.OK {
		t.Error("not OK behind the promotion")
	}
	want(t, r, "writing", "ok: writing: the server takes writes")
}

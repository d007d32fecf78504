package retort_test

import (
	"strings"
	"testing"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/doctor"
	"github.com/retort-go/retort/retorttest"
)

// TestPooler_doctor says what stands between, declared or not. It is here, where
// PgBouncer is started.
func TestPooler_doctor(t *testing.T) {
	t.Parallel()
	db := retorttest.NewDatabase(t, retorttest.Template{})
	b := startBouncer(t, db)
	for _, c := range []struct {
		url      string
		declared bool
		want     string
		do       string
	}{
		{b.url, true, "ok: pooler: a pooler stands between, and Config.Pooler is on", ""},
		{b.url, false, "note: pooler: a pooler stands between, and Config.Pooler is off", "set Config.Pooler"},
		{db.URL(), true, "note: pooler: Config.Pooler is on, and PostgreSQL itself answers", "turn it off"},
		{db.URL(), false, "ok: pooler: PostgreSQL itself answers", ""},
	} {
		eng, err := retort.Open(retort.Config{URL: c.url, Pooler: c.declared, PoolSize: 2})
		must(t, err)
		r, err := doctor.Examine(t.Context(), eng, doctor.Options{})
		must(t, err)
		must(t, eng.Close(t.Context()))
		behind := c.url == b.url
		var said []string
		asks := false
		for _, f := range r.Findings {
			if f.About == "pooler" {
				said = append(said, f.String())
			}
			asks = asks || f.About == "connections" && strings.Contains(f.Text, "ask the pooler for up to")
		}
		if len(said) != 1 || !strings.HasPrefix(said[0], c.want) || !strings.Contains(said[0], c.do) {
			t.Errorf("declared %t, behind %t: %q", c.declared, behind, said)
		}
		if asks != (c.declared || behind) {
			t.Errorf("declared %t, behind %t: connections are asked of the pooler %t", c.declared, behind, asks)
		}
	}
}

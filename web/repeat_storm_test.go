package web_test

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/web"
)

// The same attempts fail in each run, as each client has a sequence of its own, which
// no rollback sets back.
const threeInTenFail = `
CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
	IF abs(hashint8(nextval('attempts_' || NEW.count) * 1000 + NEW.count)) % 10 < 3 THEN
		RAISE EXCEPTION 'could not serialize' USING ERRCODE = '40001';
	END IF;
	RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER fail AFTER INSERT ON things DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION fail()`

// TestHandleRepeats_while_three_attempts_in_ten_fail: nobody notices, and what happens
// behind COMMIT happens once.
func TestHandleRepeats_while_three_attempts_in_ten_fail(t *testing.T) {
	t.Parallel()
	const clients, requests = 10, 400
	s := newService(t)
	s.Exec(t, threeInTenFail)
	var runs, mails, answered, refused atomic.Int64
	s.mux.Handle("POST /things", web.Handle(s.Engine, func(_ context.Context, sess *retort.Session, in *struct {
		Client int32 `json:"client"`
	},
	) (*answeredBy, error) {
		runs.Add(1)
		thing := newThing()
		thing.Count = in.Client
		sess.Add(thing)
		sess.AfterCommit(func(context.Context) error { mails.Add(1); return nil })
		return &answeredBy{in.Client}, nil
	}, web.Repeatable(), s.logger()))
	var wg sync.WaitGroup
	for client := 1; client <= clients; client++ {
		s.Exec(t, fmt.Sprintf("CREATE SEQUENCE attempts_%d", client))
		wg.Go(func() {
			for range requests {
				switch got := s.do(t, "POST", "/things", fmt.Sprintf(`{"client":%d}`, client)); {
				case got.StatusCode == 200:
					answered.Add(1)
				case got.StatusCode == 503 && got.Header.Get("Retry-After") != "":
					refused.Add(1)
				default:
					t.Errorf("got %d %s", got.StatusCode, got.body)
				}
			}
		})
	}
	wg.Wait()
	t.Logf("%d requests in %d attempts, %d refused", clients*requests, runs.Load(), refused.Load())
	if failed := runs.Load() - answered.Load(); failed*10 < runs.Load()*2 {
		t.Errorf("only %d of %d attempts failed", failed, runs.Load())
	}
	if refused.Load()*1000 > clients*requests {
		t.Errorf("%d of %d requests were refused", refused.Load(), clients*requests)
	}
	if rows := s.rows(t); rows != answered.Load() || mails.Load() != rows {
		t.Errorf("%d answers, %d rows, %d mails", answered.Load(), rows, mails.Load())
	}
}

type answeredBy struct {
	Client int32 `json:"client"`
}

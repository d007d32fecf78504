package api_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/retort-go/retort/services/privacyrights/api"
)

func TestTransition(t *testing.T) {
	t.Parallel()
	s := setup(t)
	path := "/requests/" + s.create("ann@example.org")
	got := s.do("POST", path+"/transitions", `{"to":"in_progress","reason":"Identity checked."}`).want(t, http.StatusOK)
	if got.field(t, "status") != "in_progress" || got.field(t, "version") != "2" || got.header.Get("ETag") != `"2"` {
		t.Errorf("%s with %v", got.body, got.header)
	}
	s.do("POST", path+"/transitions", `{"to":"fulfilled"}`).want(t, http.StatusOK)

	var history api.History
	s.do("GET", path+"/history", "").want(t, http.StatusOK).decode(t, &history)
	var steps []string
	for _, c := range history.Items {
		from, reason := "-", "-"
		if c.From != nil {
			from = string(*c.From)
		}
		if c.Reason != nil {
			reason = *c.Reason
		}
		steps = append(steps, fmt.Sprintf("%s → %s (%s)", from, c.To, reason))
	}
	want := []string{"- → open (-)", "open → in_progress (Identity checked.)", "in_progress → fulfilled (-)"}
	if diff := cmp.Diff(want, steps); diff != "" {
		t.Errorf("history (-want +got):\n%s", diff)
	}
}

func TestTransition_refuses_what_the_rules_forbid(t *testing.T) {
	t.Parallel()
	all := []string{"in_progress", "fulfilled", "denied", "revoked"}
	reach := map[string][]string{
		"open": {}, "in_progress": {"in_progress"}, "fulfilled": {"in_progress", "fulfilled"}, "denied": {"denied"}, "revoked": {"revoked"},
	}
	legal := map[string]string{"open": "in_progress denied revoked", "in_progress": "fulfilled denied revoked"}
	for from, way := range reach {
		t.Run("from "+from, func(t *testing.T) {
			t.Parallel()
			s := setup(t)
			for i, to := range all {
				path := "/requests/" + s.create(fmt.Sprintf("p%d@example.org", i)) + "/transitions"
				for _, step := range way {
					s.do("POST", path, `{"to":"`+step+`"}`).want(t, http.StatusOK)
				}
				status := http.StatusConflict
				if strings.Contains(legal[from], to) {
					status = http.StatusOK
				}
				got := s.do("POST", path, `{"to":"`+to+`"}`).want(t, status)
				if status == http.StatusConflict && got.field(t, "type") != "/problems/illegal-transition" {
					t.Errorf("%s → %s: %s", from, to, got.body)
				}
			}
		})
	}
	s := setup(t)
	path := "/requests/" + s.create("ann@example.org") + "/transitions"
	got := s.do("POST", path, `{"to":"fulfilled"}`)
	want := `{"type":"/problems/illegal-transition","title":"Illegal transition","status":409,"detail":"The request is open and cannot become fulfilled; possible are in_progress, denied, revoked."}`
	if diff := cmp.Diff(want, plain(got.body)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	s.do("POST", "/requests/0197e3a4-0000-7000-8000-000000000001/transitions", `{"to":"denied"}`).want(t, http.StatusNotFound)
	s.do("GET", "/requests/0197e3a4-0000-7000-8000-000000000001/history", "").want(t, http.StatusNotFound)
}

func TestTransition_has_one_winner(t *testing.T) {
	t.Parallel()
	const rounds, racers = 10, 16
	s := setup(t)
	for round := range rounds {
		path := "/requests/" + s.create(fmt.Sprintf("p%d@example.org", round)) + "/transitions"
		to := []string{"in_progress", "denied", "revoked"}
		answers := race(racers, func(i int) (answer, error) {
			return s.try("POST", path, `{"to":"`+to[i%len(to)]+`"}`)
		})
		// in_progress may be followed by denied or revoked, legally: then two have
		// won, one after the other. All but the winners got 409.
		won := 0
		for _, a := range answers {
			switch a.status {
			case http.StatusOK:
				won++
			case http.StatusConflict:
			default:
				t.Errorf("status %d: %s", a.status, a.body)
			}
		}
		rows := s.db.QueryString(t, "SELECT last_seq FROM dsr_requests WHERE email = $1", fmt.Sprintf("p%d@example.org", round))
		if fmt.Sprint(won) != rows || won < 1 || won > 2 {
			t.Errorf("%d answered 200, %s steps are stored", won, rows)
		}
	}
	t.Run("of sixteen equal steps exactly one", func(t *testing.T) {
		path := "/requests/" + s.create("ann@example.org") + "/transitions"
		statuses := map[int]int{}
		for _, a := range race(racers, func(int) (answer, error) { return s.try("POST", path, `{"to":"in_progress"}`) }) {
			statuses[a.status]++
		}
		if diff := cmp.Diff(map[int]int{http.StatusOK: 1, http.StatusConflict: racers - 1}, statuses); diff != "" {
			t.Errorf("statuses (-want +got):\n%s", diff)
		}
	})
}

func TestCreate_has_one_winner(t *testing.T) {
	t.Parallel()
	const racers = 16
	s := setup(t)
	statuses := map[int]int{}
	for _, a := range race(racers, func(int) (answer, error) {
		return s.try("POST", "/requests", `{"regime":"gdpr","right":"access","email":"ann@example.org"}`)
	}) {
		statuses[a.status]++
	}
	if diff := cmp.Diff(map[int]int{http.StatusCreated: 1, http.StatusConflict: racers - 1}, statuses); diff != "" {
		t.Errorf("statuses (-want +got):\n%s", diff)
	}
	want := []string{"1 | 1 | 1"}
	if diff := cmp.Diff(want, s.db.Rows(t, "SELECT (SELECT count(*) FROM dsr_requests), (SELECT count(*) FROM dsr_status_history), (SELECT count(*) FROM audit_log)")); diff != "" {
		t.Errorf("rows (-want +got):\n%s", diff)
	}
}

// race starts n calls at once.
func race(n int, call func(i int) (answer, error)) []answer {
	answers := make([]answer, n)
	start := make(chan struct{})
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			<-start
			a, err := call(i)
			if err != nil {
				a.body = err.Error()
			}
			answers[i] = a
		})
	}
	close(start)
	wg.Wait()
	return answers
}

func TestAuditLog(t *testing.T) {
	t.Parallel()
	s := setup(t)
	ann, bob := s.create("ann@example.org"), s.create("bob@example.org")
	s.do("PATCH", "/requests/"+ann, `{"note":"secret"}`).want(t, http.StatusOK)
	s.do("POST", "/requests/"+ann+"/transitions", `{"to":"denied","reason":"secret"}`).want(t, http.StatusOK)
	s.do("POST", "/requests/"+ann+"/transitions", `{"to":"in_progress"}`).want(t, http.StatusConflict)

	read := func(query string) (actions []string) {
		t.Helper()
		after := ""
		for range 10 {
			got := s.do("GET", "/audit-log?"+query+after, "").want(t, http.StatusOK)
			var page api.AuditPage
			got.decode(t, &page)
			for _, e := range page.Items {
				actions = append(actions, fmt.Sprintf("%s %v", e.Action, e.Details))
			}
			if strings.Contains(got.body, "secret") || strings.Contains(got.body, "example.org") {
				t.Errorf("personal data in the audit log: %s", got.body)
			}
			if page.Next == nil {
				return actions
			}
			after = "&after=" + *page.Next
		}
		t.Fatal("the pages do not end")
		return nil
	}
	created := "created map[regime:gdpr right:access]"
	ofAnn := []string{"transitioned map[from:open to:denied]", "note_changed map[cleared:false]", created}
	for query, want := range map[string][]string{
		"request_id=" + ann:                  ofAnn,
		"limit=1&request_id=" + ann:          ofAnn,
		"limit=2&request_id=" + ann:          ofAnn,
		"request_id=" + bob:                  {created},
		"":                                   {ofAnn[0], ofAnn[1], created, created},
		"limit=3":                            {ofAnn[0], ofAnn[1], created, created},
		"request_id=" + strings.ToUpper(ann): ofAnn,
		"request_id=00000000-0000-0000-0000-000000000000": nil,
	} {
		if diff := cmp.Diff(want, read(query)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", query, diff)
		}
	}
}

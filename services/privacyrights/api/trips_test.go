package api_test

import (
	"net/http"
	"testing"
)

// Steady state: each call has been made twice before it is counted, so that
// connections are open and statements known.
func TestRoundTrips(t *testing.T) {
	t.Parallel()
	s := setupWithProxy(t)
	id := s.create("zoe@example.org")
	n := 0
	fresh := func() string {
		n++
		return s.create("p" + string(rune('a'+n)) + "@example.org")
	}
	tests := []struct {
		name string
		want int
		// prepare runs uncounted and returns the call to count.
		prepare func() func() answer
	}{
		{"GET by id", 1, func() func() answer {
			return func() answer { return s.do("GET", "/requests/"+id, "") }
		}},
		{"POST", 1, func() func() answer {
			n++
			body := `{"regime":"gdpr","right":"access","email":"q` + string(rune('a'+n)) + `@example.org","note":"x"}`
			return func() answer { return s.do("POST", "/requests", body) }
		}},
		{"PATCH", 2, func() func() answer {
			path := "/requests/" + fresh()
			return func() answer { return s.do("PATCH", path, `{"note":"a"}`) }
		}},
		{"PATCH that changes nothing", 1, func() func() answer {
			path := "/requests/" + fresh()
			return func() answer { return s.do("PATCH", path, `{}`) }
		}},
		{"transition", 2, func() func() answer {
			path := "/requests/" + fresh() + "/transitions"
			return func() answer { return s.do("POST", path, `{"to":"in_progress"}`) }
		}},
		{"list", 1, func() func() answer {
			return func() answer { return s.do("GET", "/requests?status=open&limit=3", "") }
		}},
		{"list, a later page", 1, func() func() answer {
			next := s.do("GET", "/requests?limit=1", "").field(t, "next")
			return func() answer { return s.do("GET", "/requests?limit=1&after="+next, "") }
		}},
		{"history", 1, func() func() answer {
			return func() answer { return s.do("GET", "/requests/"+id+"/history", "") }
		}},
		{"audit log", 1, func() func() answer {
			return func() answer { return s.do("GET", "/audit-log?request_id="+id, "") }
		}},
		{"bad input", 0, func() func() answer {
			return func() answer { return s.do("POST", "/requests", `{"regime":"gdpr"}`) }
		}},
		{"an illegal transition", 1, func() func() answer {
			return func() answer { return s.do("POST", "/requests/"+id+"/transitions", `{"to":"fulfilled"}`) }
		}},
		{"GET /", 0, func() func() answer {
			return func() answer { return s.do("GET", "/", "") }
		}},
	}
	// One proxy counts for all, so these run one after the other.
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for range 2 {
				if a := tt.prepare()(); a.status >= http.StatusInternalServerError {
					t.Fatalf("status %d: %s", a.status, a.body)
				}
			}
			call := tt.prepare()
			s.proxy.Reset()
			call()
			if got := s.proxy.RoundTrips(); got != tt.want {
				t.Errorf("%d round trips, want %d: %q", got, tt.want, s.proxy.Executions())
			}
			if opened := s.proxy.Counts().Connections; opened != 0 {
				t.Errorf("%d connections were opened", opened)
			}
		})
	}
}

package chaos

import "context"

// Scenario makes one line of the scoreboard.
type Scenario struct {
	Number int
	Name   string
	Long   int // repetitions of a run that takes as long as it needs
	Full   int // repetitions of the board's run
	Short  int // repetitions that show in a test that all still works

	Run func(ctx context.Context, env *Env, repetitions int) (Line, error)
}

// Scenarios are all of them, in the board's order.
func Scenarios() []Scenario {
	return []Scenario{
		{1, "killed_server", 500, 100, 2, KilledServer},
		{2, "failed_commit", 1000, 1000, 40, FailedCommit},
		{3, "cut_commit", 400, 100, 12, CutCommit},
		{4, "lost_reply", 400, 100, 9, LostReply},
		{5, "idle_kills", 1000, 100, 20, IdleKills},
		{6, "session_state", 3, 3, 1, SessionState},
		{7, "black_hole", 20, 3, 1, BlackHole},
		{8, "outage", 20, 3, 1, Outage},
		{9, "herd", 5, 2, 1, Herd},
		{10, "failover", 20, 3, 1, Failover},
		{11, "cancelled", 10_000, 10_000, 300, Cancelled},
		{12, "cancelled_queries", 10_000, 1000, 200, CancelledQueries},
		{13, "altered_table", 400, 40, 8, AlteredTable},
		{14, "histories", 1_000_000, 100_000, 1500, Histories},
		{15, "idempotent", 10_000, 1000, 30, Idempotent},
		{16, "naughty", 10, 2, 1, Naughty},
		{17, "tenants", 1_000_000, 100_000, 800, Tenants},
		{19, "fairness", 1000, 1000, 200, Fairness},
		{20, "prices", 20_000, 2000, 60, Prices},
	}
}

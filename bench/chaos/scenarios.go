package chaos

import "context"

// Scenario makes one line of the scoreboard.
type Scenario struct {
	Number int
	Name   string
	Full   int // repetitions of the board's run
	Short  int // repetitions that show in a test that all still works

	Run func(ctx context.Context, env *Env, repetitions int) (Line, error)
}

// Scenarios are all of them, in the board's order.
func Scenarios() []Scenario {
	return []Scenario{
		{1, "killed_server", 20, 2, KilledServer},
		{2, "failed_commit", 1000, 40, FailedCommit},
		{3, "cut_commit", 100, 12, CutCommit},
		{4, "lost_reply", 100, 9, LostReply},
		{5, "idle_kills", 100, 20, IdleKills},
		{6, "session_state", 3, 1, SessionState},
		{11, "cancelled", 10_000, 300, Cancelled},
	}
}

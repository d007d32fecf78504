package peers

import "context"

// Workload is one kind of request.
type Workload struct {
	Name  string // "W1"
	Title string

	// Trips is the number of round trips that Retort promises.
	Trips int

	// Heavy says that one request is as much work as thousands of the others.
	Heavy bool

	// Do makes the request with that number.
	Do func(ctx context.Context, e Entrant, n int) (any, error)
}

// Workloads lists all of them, in their order; W7 inserts that many rows.
//
//   - Shape: the values share inputs that are made here, once.
func Workloads(bulk int) []Workload {
	events := newEvents(bulk)
	return []Workload{
		{"W1", "read by key", 1, false, func(ctx context.Context, e Entrant, n int) (any, error) {
			return e.Read(ctx, UserID(n%Users))
		}},
		{"W2", "list 20, filtered and ordered", 1, false, func(ctx context.Context, e Entrant, n int) (any, error) {
			return e.List(ctx, filter(n))
		}},
		{"W3", "insert one", 1, false, func(ctx context.Context, e Entrant, n int) (any, error) {
			return e.Insert(ctx, newUser(n))
		}},
		{"W4", "read, change, commit", 2, false, func(ctx context.Context, e Entrant, n int) (any, error) {
			return e.Change(ctx, UserID(n%Users), newName(n))
		}},
		{"W5", "insert 1 + 20", 1, false, func(ctx context.Context, e Entrant, n int) (any, error) {
			return e.Graph(ctx, newUser(n), newOrders(n))
		}},
		{"W6", "load 20 with 20 children each", 1, false, func(ctx context.Context, e Entrant, n int) (any, error) {
			return e.Load(ctx, int32(n%Segments))
		}},
		{"W7", "insert 10,000", 2, true, func(ctx context.Context, e Entrant, n int) (any, error) {
			return e.Bulk(ctx, events)
		}},
		{"W8", "read 20 together, update each", 2, false, func(ctx context.Context, e Entrant, n int) (any, error) {
			return e.ChangeTogether(ctx, segmentIDs(n%Segments), newName(n))
		}},
		{"W8s", "read 20 one by one, update each", 21, false, func(ctx context.Context, e Entrant, n int) (any, error) {
			return e.ChangeEach(ctx, segmentIDs(n%Segments), newName(n))
		}},
	}
}

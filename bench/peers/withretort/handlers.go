package withretort

import (
	"context"

	"github.com/gofrs/uuid/v5"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/bench/peers"
)

func read(ctx context.Context, s *retort.Session, id *uuid.UUID) (*User, error) {
	return users.Get(ctx, s, *id)
}

func list(ctx context.Context, s *retort.Session, f *peers.Filter) (*[]*User, error) {
	c := users.C
	rows, err := users.
		Where(retort.Eq(&c.Status, f.Status), retort.Ge(&c.Age, f.MinAge)).
		OrderBy(retort.Desc(&c.CreatedAt)).Limit(20).
		All(ctx, s)
	return &rows, err
}

func insert(_ context.Context, s *retort.Session, in *peers.NewUser) (*User, error) {
	u := newUser(in)
	s.Add(u)
	return u, nil
}

func change(ctx context.Context, s *retort.Session, in *renaming) (*User, error) {
	u, err := users.Get(ctx, s, in.ids[0])
	if err != nil {
		return nil, err
	}
	u.Name = in.name
	return u, nil
}

func graph(_ context.Context, s *retort.Session, in *newGraph) (*withOrders, error) {
	u := newUser(&in.user)
	s.Add(u)
	out := &withOrders{User: u, Orders: make([]*Order, len(in.orders))}
	for i, o := range in.orders {
		out.Orders[i] = &Order{UserID: u.ID, Item: o.Item, Quantity: o.Quantity, Price: o.Price}
		s.Add(out.Orders[i])
	}
	return out, nil
}

func load(ctx context.Context, s *retort.Session, segment *int32) (*[]withOrders, error) {
	c := users.C
	rows, err := users.
		Where(retort.Eq(&c.Segment, *segment)).
		OrderBy(retort.Asc(&c.CreatedAt)).Limit(20).
		With(&c.Orders).
		All(ctx, s)
	if err != nil {
		return nil, err
	}
	out := make([]withOrders, len(rows))
	for i, u := range rows {
		out[i].User = u
		if out[i].Orders, err = u.Orders.All(); err != nil {
			return nil, err
		}
	}
	return &out, nil
}

func bulk(ctx context.Context, s *retort.Session, in *[]peers.NewEvent) (*peers.Inserted, error) {
	n, err := events.CopyIn(ctx, s, func(yield func(*Event) bool) {
		var row Event
		for i := range *in {
			e := &(*in)[i]
			row = Event{Kind: e.Kind, Amount: e.Amount, Body: e.Body} // with no key yet
			if !yield(&row) {
				return
			}
		}
	})
	return &peers.Inserted{Inserted: int(n)}, err
}

func changeTogether(ctx context.Context, s *retort.Session, in *renaming) (*[]*User, error) {
	c := users.C
	rows, err := users.Where(retort.In(&c.ID, in.ids)).OrderBy(retort.Asc(&c.ID)).All(ctx, s)
	if err != nil {
		return nil, err
	}
	for _, u := range rows {
		u.Name = in.name
	}
	return &rows, nil
}

func changeEach(ctx context.Context, s *retort.Session, in *renaming) (*[]*User, error) {
	rows := make([]*User, len(in.ids))
	for i, id := range in.ids {
		u, err := users.Get(ctx, s, id)
		if err != nil {
			return nil, err
		}
		u.Name = in.name
		rows[i] = u
	}
	return &rows, nil
}

func newUser(in *peers.NewUser) *User {
	return &User{
		Email: in.Email, Name: in.Name, Status: in.Status, Age: in.Age, Segment: in.Segment,
		Note: in.Note, Profile: in.Profile,
	}
}

package proxy

import "testing"

func TestQueue(t *testing.T) {
	t.Parallel()
	of := func(bytes int) parcel { return parcel{messages: []Message{{raw: make([]byte, bytes)}}} }
	never, over := make(chan struct{}), make(chan struct{})
	close(over)

	t.Run("counts_bytes_and_not_messages", func(t *testing.T) {
		t.Parallel()
		q := newQueue()
		for range queueBytes / 8 {
			if !q.put(of(8), over) {
				t.Fatal("full before its bytes are")
			}
		}
		if q.put(of(1), over) {
			t.Fatal("took more bytes than it holds")
		}
		if got := q.take(never); len(got.messages[0].raw) != 8 || !q.put(of(8), over) {
			t.Error("what was taken out made no room")
		}
	})
	t.Run("takes_a_large_message_alone", func(t *testing.T) {
		t.Parallel()
		q := newQueue()
		if !q.put(of(10*queueBytes), over) || q.put(of(1), over) {
			t.Error("not alone")
		}
	})
	t.Run("waits_for_each_other", func(t *testing.T) {
		t.Parallel()
		q := newQueue()
		const n = 2000
		go func() {
			for i := range n {
				q.put(of(1+i*queueBytes/n), never)
			}
		}()
		for i := range n {
			if got := len(q.take(never).messages[0].raw); got != 1+i*queueBytes/n {
				t.Fatalf("parcel %d has %d bytes", i, got)
			}
		}
	})
	t.Run("ends_with_its_link", func(t *testing.T) {
		t.Parallel()
		if newQueue().take(over).messages != nil {
			t.Error("took something from an empty queue")
		}
	})
}

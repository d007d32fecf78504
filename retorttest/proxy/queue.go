package proxy

import (
	"sync"
	"time"
)

// queueBytes is how much one direction of a connection holds back before its
// reader stops, as the buffers of a network do: what counts is bytes, and not
// whether they came in one message or in many.
const queueBytes = 1 << 20

// parcel is what one read brought; the last one of a direction has no messages.
type parcel struct {
	due      time.Time
	messages []Message
}

// queue holds the parcels of one direction, for one reader and one writer.
type queue struct {
	filled, drained chan struct{} // room for one: something has come, or gone

	mu      sync.Mutex // guards what follows
	parcels []parcel
	bytes   int
}

func newQueue() *queue {
	return &queue{filled: make(chan struct{}, 1), drained: make(chan struct{}, 1)}
}

// put adds a parcel when there is room; false says that done was closed.
func (q *queue) put(p parcel, done <-chan struct{}) bool {
	size := 0
	for _, m := range p.messages {
		size += len(m.raw)
	}
	for {
		q.mu.Lock()
		if q.bytes == 0 || q.bytes+size <= queueBytes { // a large one goes alone
			q.parcels = append(q.parcels, p)
			q.bytes += size
			q.mu.Unlock()
			signal(q.filled)
			return true
		}
		q.mu.Unlock()
		select {
		case <-q.drained:
		case <-done:
			return false
		}
	}
}

// take returns the oldest parcel, without messages once done is closed.
func (q *queue) take(done <-chan struct{}) parcel {
	for {
		q.mu.Lock()
		if len(q.parcels) > 0 {
			p := q.parcels[0]
			q.parcels = q.parcels[1:]
			for _, m := range p.messages {
				q.bytes -= len(m.raw)
			}
			q.mu.Unlock()
			signal(q.drained)
			return p
		}
		q.mu.Unlock()
		select {
		case <-q.filled:
		case <-done:
			return parcel{}
		}
	}
}

func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

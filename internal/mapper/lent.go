package mapper

import "unsafe"

// Lent is memory of snapshots that came from their plans and goes back to them: who
// knows when the snapshots have had their day gives it back, and later batches take
// it. They live as long as their session, and would be a third of the garbage of a
// read of many rows.
//
//   - Shape: the zero Lent is none.
//   - Concurrency: one goroutine at a time.
type Lent struct{ chunks []lentChunk }

// lentChunk is the largest chunk of snapshots or, where at is nil, for their json.
type lentChunk struct {
	plan *Plan
	at   unsafe.Pointer
	text *[largestArena]byte
}

// GiveBack ends the snapshots: nobody may look at them any more. What they refer to
// may stay in memory up to the second garbage collection from then.
func (l *Lent) GiveBack() {
	for _, c := range l.chunks {
		if c.at == nil {
			c.plan.lentText.Put(c.text)
			continue
		}
		c.plan.lent.Put(c.at) // no allocation: an interface holds a pointer as it is
	}
	*l = Lent{}
}

// TakeOver makes l answer for what b borrowed for its snapshots.
func (l *Lent) TakeOver(b *Batch) {
	l.chunks = append(l.chunks, b.lent.chunks...)
	b.lent = Lent{}
}

// smallestLent is the smallest chunk for which a whole one is borrowed.
const smallestLent = 16 // blocks

// chunk is the largest chunk for snapshots. What lies there means nothing.
func (l *Lent) chunk(p *Plan) unsafe.Pointer {
	at, ok := p.lent.Get().(unsafe.Pointer)
	if !ok {
		at = p.snap.blocks.make(p.snap.blocks.largest())
	}
	l.chunks = append(l.chunks, lentChunk{plan: p, at: at})
	return at
}

// smallestText is the smallest need for which room for json is borrowed.
const smallestText = 1 << 10 // bytes

// room is [arena.expect] for json of snapshots.
func (l *Lent) room(p *Plan, a *arena, n, rows int) {
	if n <= len(a.buf) || n > largestArena || n*rows < smallestText {
		a.expect(n, rows)
		return
	}
	text, ok := p.lentText.Get().(*[largestArena]byte)
	if !ok {
		text = new([largestArena]byte)
	}
	l.chunks = append(l.chunks, lentChunk{plan: p, text: text})
	a.buf = text[:]
}

// snapshotBlock is room for the snapshot of an object that b just made.
func (b *Batch) snapshotBlock() unsafe.Pointer {
	s := &b.snaps
	if s.blocks == nil {
		*s = newChunks(&b.plan.snap.blocks, b.left())
	}
	if s.used == s.size && s.next >= smallestLent {
		s.chunk, s.used, s.size = b.lent.chunk(b.plan), 0, s.largest()
	}
	return s.block()
}

package mapper

import (
	"reflect"
	"unsafe"
)

// blocks is how blocks of one type are allocated: in chunks of growing sizes, each
// with as many as fill what the allocator rounds it up to anyway.
type blocks struct {
	slice  reflect.Type
	stride uintptr // size of a block
	sizes  []int   // in blocks, ascending
}

// The smallest and the largest chunk, in blocks, before they are rounded up. Beyond
// the largest the saving per block is under 1 %.
const (
	smallestChunk = 4
	largestChunk  = 64
)

func newBlocks(block reflect.Type) blocks {
	b := blocks{slice: reflect.SliceOf(block), stride: block.Size()}
	for n := smallestChunk; n <= largestChunk; n *= 2 {
		chunk := reflect.New(b.slice).Elem()
		chunk.Grow(n)
		b.sizes = append(b.sizes, min(chunk.Cap(), 2*n)) // a block of no bytes fits any number of times
	}
	return b
}

// largest is the size of the largest chunk.
func (b *blocks) largest() int { return b.sizes[len(b.sizes)-1] }

// fitting is the size of the smallest chunk for n blocks, or of the largest.
func (b *blocks) fitting(n int) int {
	for _, size := range b.sizes {
		if size >= n {
			return size
		}
	}
	return b.largest()
}

// make makes a chunk.
func (b *blocks) make(n int) unsafe.Pointer { return reflect.MakeSlice(b.slice, n, n).UnsafePointer() }

// chunks is memory for many blocks of one type.
type chunks struct {
	*blocks
	chunk unsafe.Pointer
	used  int
	size  int // blocks in chunk
	next  int // blocks in the next chunk
}

func newChunks(b *blocks, expect int) chunks {
	first := min(expect, b.largest())
	if expect <= 0 {
		first = b.sizes[0]
	}
	return chunks{blocks: b, next: first}
}

// block gives a block of zeros.
func (b *chunks) block() unsafe.Pointer {
	if b.used == b.size {
		b.chunk = b.make(b.next)
		b.used, b.size = 0, b.next
		b.next = b.fitting(2 * b.next)
	}
	at := unsafe.Add(b.chunk, uintptr(b.used)*b.stride)
	b.used++
	return at
}

// left is the number of blocks that chunk has room for, the last one that was
// given included.
func (b *chunks) left() int { return b.size - b.used + 1 }

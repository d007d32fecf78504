package mapper

import (
	"reflect"
	"testing"
	"unsafe"
)

// TestChunksFillWhatTheAllocatorGives: a chunk is as large as the memory that it
// takes, and each block lies in it once.
func TestChunksFillWhatTheAllocatorGives(t *testing.T) {
	t.Parallel()
	for _, block := range []reflect.Type{
		reflect.TypeFor[struct{}](),
		reflect.TypeFor[bool](),
		reflect.TypeFor[[14]uint64](), // 64 of them are 7,168 bytes, for which the allocator takes 8,192
		reflect.TypeFor[struct {
			Name string
			More [5000]byte
		}](),
	} {
		b := newBlocks(block)
		for i, size := range b.sizes {
			least := smallestChunk << i
			if size < least || size > 2*least {
				t.Errorf("%s: chunk %d has %d blocks, and %d are asked for", block, i, size, least)
			}
			if got := b.fitting(size); got != size {
				t.Errorf("%s: %d blocks get a chunk of %d", block, size, got)
			}
		}
		if got := b.fitting(1 << 20); got != b.largest() {
			t.Errorf("%s: a chunk of %d, the largest is %d", block, got, b.largest())
		}
		if block.Size() == 0 {
			continue
		}
		for _, expect := range []int{0, 1, 20, 1000} {
			c := newChunks(&b, expect)
			seen := make(map[unsafe.Pointer]bool)
			for range 300 {
				at := c.block()
				if seen[at] {
					t.Fatalf("%s: a block is given twice", block)
				}
				seen[at] = true
			}
		}
	}
	if b := newBlocks(reflect.TypeFor[[14]uint64]()); b.largest() != 8192/112 {
		t.Errorf("the largest chunk has %d blocks", b.largest())
	}
}

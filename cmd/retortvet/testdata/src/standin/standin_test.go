package standin

import "testing"

func TestStandInStaysEmpty(t *testing.T) {
	if Books.C.Title != "" {
		t.Error("somebody wrote to it")
	}
	t.Log(Books.C.Title) // want `passes Books.C.Title to`
}

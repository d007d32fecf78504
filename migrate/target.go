package migrate

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// relativePattern is a target such as +1, -2, head-1 or 4f1d+2.
var relativePattern = regexp.MustCompile(`^(.*?)([+-]\d{1,6})$`)

// Find is the one revision that a target names by itself: an id, the beginning of
// one, or "head".
//
//   - Errors: [*UnknownTargetError], [*AmbiguousTargetError]; [*HeadsError] for
//     "head" where there are several.
func (h *History) Find(target string) (*Revision, error) {
	if target == "head" {
		heads := h.Heads()
		switch len(heads) {
		case 0:
			return nil, &UnknownTargetError{Target: target}
		case 1:
			return heads[0], nil
		}
		return nil, &HeadsError{Heads: heads}
	}
	if r := h.byID[target]; r != nil {
		return r, nil
	}
	found := h.filter(func(r *Revision) bool { return target != "" && strings.HasPrefix(r.ID, target) })
	switch len(found) {
	case 0:
		return nil, &UnknownTargetError{Target: target, Near: h.near(target)}
	case 1:
		return found[0], nil
	}
	return nil, &AmbiguousTargetError{Target: target, IDs: idsOf(found)}
}

// near are ids that somebody may have meant.
func (h *History) near(target string) []string {
	var out []string
	for _, r := range h.order {
		same := 0
		for same < len(target) && same < len(r.ID) && target[same] == r.ID[same] {
			same++
		}
		if same >= 3 || target != "" && strings.Contains(strings.ToLower(r.Message), strings.ToLower(target)) {
			out = append(out, r.ID)
		}
	}
	return out[:min(len(out), 3)]
}

// Upgrade lists what has to be applied, in order, to get from the applied revisions
// to target: head, heads, an id or its beginning, +2 (two more), or 4f1d+2 (two
// behind 4f1d, and what they need).
//
//   - Shape: empty when all of it is applied.
//   - Errors: as [History.Find]; [*StepsError] where a relative target leads past
//     the end or may go several ways; [*OutOfOrderError] when a revision is applied
//     and one that it follows is not. Applied ids that the history does not know are
//     left out of account.
func (h *History) Upgrade(applied []string, target string) ([]*Revision, error) {
	done := h.set(applied)
	if err := h.inOrder(done); err != nil {
		return nil, err
	}
	wanted, err := h.upTo(done, target)
	if err != nil {
		return nil, err
	}
	in := h.closure(wanted, (*Revision).parents)
	return h.filter(func(r *Revision) bool { return in[r.ID] && !done[r.ID] }), nil
}

func (h *History) set(ids []string) map[string]bool {
	out := map[string]bool{}
	for _, id := range ids {
		if h.byID[id] != nil {
			out[id] = true
		}
	}
	return out
}

// upTo are the revisions that target asks for.
func (h *History) upTo(done map[string]bool, target string) ([]string, error) {
	switch {
	case target == "heads":
		return idsOf(h.Heads()), nil
	case target == "head" && len(h.order) == 0:
		return nil, nil
	case target == "base":
		return nil, &UnknownTargetError{Target: target, Hint: "an upgrade leads to head, or to an id; downgrade leads to base"}
	}
	name, n, relative := relativeTo(target)
	if !relative {
		r, err := h.Find(target)
		if err != nil {
			return nil, err
		}
		return []string{r.ID}, nil
	}
	if n < 0 && name == "" {
		return nil, &UnknownTargetError{Target: target, Hint: "an upgrade goes forward: +1; downgrade takes -1"}
	}
	if name == "" {
		return h.forward(done, n, target)
	}
	r, err := h.Find(name)
	if err != nil {
		return nil, err
	}
	if n < 0 {
		r, err = h.backFrom(r, -n, target)
		if err != nil {
			return nil, err
		}
		return []string{r.ID}, nil
	}
	return h.forward(h.closure([]string{r.ID}, (*Revision).parents), n, target)
}

// relativeTo takes a target apart.
func relativeTo(target string) (name string, n int, relative bool) {
	m := relativePattern.FindStringSubmatch(target)
	if m == nil {
		return "", 0, false
	}
	n, err := strconv.Atoi(m[2])
	return m[1], n, err == nil
}

// forward goes n revisions on from what is done, as long as there is one way.
func (h *History) forward(done map[string]bool, n int, target string) ([]string, error) {
	have := map[string]bool{}
	for id := range done {
		have[id] = true
	}
	var out []string
	for range n {
		next := h.filter(func(r *Revision) bool {
			return !have[r.ID] && !slices.ContainsFunc(r.parents(), func(id string) bool { return !have[id] })
		})
		if len(next) != 1 {
			return nil, &StepsError{Target: target, Went: len(out), Next: next}
		}
		have[next[0].ID] = true
		out = append(out, next[0].ID)
	}
	return out, nil
}

// backFrom goes n parents back from r.
func (h *History) backFrom(r *Revision, n int, target string) (*Revision, error) {
	for went := range n {
		if len(r.Parents) != 1 {
			var next []*Revision
			for _, id := range r.Parents {
				next = append(next, h.byID[id])
			}
			return nil, &StepsError{Target: target, Went: went, Next: next}
		}
		r = h.byID[r.Parents[0]]
	}
	return r, nil
}

// Downgrade lists what has to be undone, the newest first, to get from the applied
// revisions to target: base (nothing is left), an id or its beginning (what follows
// it goes), -1 (the last one goes), or 4f1d-1.
//
//   - Errors: as [History.Upgrade]; [*NotAppliedError] for a target that is not
//     applied; [*IrreversibleError] for what has no way back.
func (h *History) Downgrade(applied []string, target string) ([]*Revision, error) {
	done := h.set(applied)
	if err := h.inOrder(done); err != nil {
		return nil, err
	}
	goes, err := h.downTo(done, target)
	if err != nil {
		return nil, err
	}
	out := h.filter(func(r *Revision) bool { return goes[r.ID] && done[r.ID] })
	slices.Reverse(out)
	for _, r := range out {
		if r.Irreversible {
			return nil, &IrreversibleError{Revision: r}
		}
	}
	return out, nil
}

// downTo is what target wants gone.
func (h *History) downTo(done map[string]bool, target string) (map[string]bool, error) {
	if target == "base" {
		return done, nil
	}
	name, n, relative := relativeTo(target)
	if relative && n > 0 {
		return nil, &UnknownTargetError{Target: target, Hint: "a downgrade goes back: -1; upgrade takes +1"}
	}
	if relative && name == "" {
		return h.backward(done, -n, target)
	}
	if !relative {
		name = target
	}
	r, err := h.Find(name)
	if err != nil {
		return nil, err
	}
	stays := true
	if n < 0 {
		if r, err = h.backFrom(r, -n-1, target); err != nil {
			return nil, err
		}
		if stays = len(r.Parents) > 0; stays { // before the first one is nothing
			if r, err = h.backFrom(r, 1, target); err != nil {
				return nil, err
			}
		}
	}
	if !done[r.ID] {
		return nil, &NotAppliedError{Revision: r}
	}
	goes := map[string]bool{}
	for _, d := range h.Descendants(r.ID) {
		goes[d.ID] = d.ID != r.ID || !stays
	}
	return goes, nil
}

// backward takes the last n of what is done, as long as there is one way.
func (h *History) backward(done map[string]bool, n int, target string) (map[string]bool, error) {
	have, goes := map[string]bool{}, map[string]bool{}
	for id := range done {
		have[id] = true
	}
	for range n {
		last := h.filter(func(r *Revision) bool { return have[r.ID] && !h.followed(r, have) })
		if len(last) != 1 {
			return nil, &StepsError{Target: target, Went: len(goes), Next: last}
		}
		delete(have, last[0].ID)
		goes[last[0].ID] = true
	}
	return goes, nil
}

// followed tells whether one of have follows r or depends on it.
func (h *History) followed(r *Revision, have map[string]bool) bool {
	in := func(next *Revision) bool { return have[next.ID] }
	return slices.ContainsFunc(h.children[r.ID], in) || slices.ContainsFunc(h.needed[r.ID], in)
}

// Current are the newest of the applied revisions: those that no applied one
// follows.
func (h *History) Current(applied []string) []*Revision {
	done := h.set(applied)
	return h.filter(func(r *Revision) bool {
		return done[r.ID] && !slices.ContainsFunc(h.children[r.ID], func(next *Revision) bool { return done[next.ID] })
	})
}

// inOrder says which revision was skipped.
func (h *History) inOrder(done map[string]bool) error {
	for _, r := range h.order {
		if !done[r.ID] {
			continue
		}
		for _, id := range r.parents() {
			if !done[id] {
				return &OutOfOrderError{Skipped: h.byID[id], Applied: r}
			}
		}
	}
	return nil
}

package domain_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/retort-go/retort/services/privacyrights/domain"
)

func TestTransitions(t *testing.T) {
	t.Parallel()
	want := map[domain.Status][]domain.Status{
		domain.Open:       {domain.InProgress, domain.Denied, domain.Revoked},
		domain.InProgress: {domain.Fulfilled, domain.Denied, domain.Revoked},
		domain.Fulfilled:  nil,
		domain.Denied:     nil,
		domain.Revoked:    nil,
	}
	got := map[domain.Status][]domain.Status{}
	for _, from := range domain.Statuses() {
		got[from] = from.Next()
		for _, to := range domain.Statuses() {
			allowed := false
			for _, next := range want[from] {
				allowed = allowed || next == to
			}
			if from.CanBecome(to) != allowed {
				t.Errorf("%s.CanBecome(%s) = %t", from, to, !allowed)
			}
		}
		if from.Terminal() != (len(want[from]) == 0) {
			t.Errorf("%s.Terminal() = %t", from, from.Terminal())
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("Next (-want +got):\n%s", diff)
	}
	if domain.Status("").CanBecome(domain.Open) || domain.Open.CanBecome("") {
		t.Error("an empty status takes part in a transition")
	}
}

func TestRights_are_the_documented_ones(t *testing.T) {
	t.Parallel()
	want := []domain.Right{"access", "deletion", "correction", "portability", "opt_out"}
	if diff := cmp.Diff(want, domain.Rights()); diff != "" {
		t.Errorf("Rights (-want +got):\n%s", diff)
	}
}

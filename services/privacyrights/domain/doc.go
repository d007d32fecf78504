// Package domain holds the rules of privacy requests that need no database:
// which regimes and rights there are, when an answer is due, which status may
// follow which, and when two e-mail addresses are the same.
//
// The one idea: everything here is a pure function of its arguments. The same
// rules that guard against races (transitions, one open request) are declared a
// second time as database constraints in package model; [Transitions] feeds both.
//
//	due := domain.GDPR.DueAt(receivedAt)
//	ok := domain.Open.CanBecome(domain.InProgress)
//
// Package domain does no I/O, reads no clock and knows no HTTP. Packages model
// and api sit on it; it sits on the standard library alone, with the time zone
// database embedded for hosts that have none.
package domain

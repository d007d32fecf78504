// Package model maps the privacy requests, their status history and the audit
// log to tables, and declares what the database itself guarantees.
//
// The one idea: a rule that two simultaneous requests could break is a
// constraint with a name, not an if. The database holds:
//
//   - only permitted transitions: [CheckTransition], made from
//     domain.Transitions;
//   - an unbroken history: each row names its predecessor and the status that it
//     left, by a foreign key to that row ([HistoryChain]);
//   - one winner among racing changes: [HistoryOnce];
//   - a request's status is that of its newest history row: [StatusMatches],
//     checked at COMMIT;
//   - one open request per e-mail address, regime and right: [OneOpen];
//   - a history and an audit log that refuse UPDATE, DELETE and TRUNCATE.
//
// A new request and its first rows travel together:
//
//	r := model.NewRequest(domain.GDPR, domain.Access, "ann@example.org", nil, time.Now())
//	s.Add(r)
//	s.Add(model.FirstEntry(r))
//
// Package model holds no SQL but declarations and no HTTP. Package api sits above
// it; retort and package domain below.
package model

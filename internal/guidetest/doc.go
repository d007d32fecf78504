// Package guidetest runs what the guides for newcomers from SQLAlchemy, GORM and
// sqlc show: every Go block of docs/guides/from-*.md is a part of a test here, or
// of one in beside/, and package readmetest compares the two.
//
// It holds tests only, and nothing imports it.
package guidetest

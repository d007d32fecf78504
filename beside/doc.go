// Package beside holds what docs/guides/beside.md shows, as tests: Retort beside
// GORM, sqlc's code, River and pgxpool, and below the routers that teams have.
//
// It is a module of its own, outside the workspace, so that none of their
// dependencies reaches the library.
package beside

// Package api is the service's HTTP face: routes, inputs and answers, the
// OpenAPI document and its pages, problem details.
//
// The one idea: each route is one function over one session, and
// retort.InSessionView runs it: the answer is made, and written, only after
// COMMIT is confirmed. So no client sees success for a change that is not
// stored.
//
//	handler, err := api.New(api.Config{Engine: eng, Title: "Privacy Rights API", Version: "0.1.0"})
//
// Bad input never reaches the database: bodies are read strictly (checkJSON),
// then Huma validates them against the OpenAPI schema. Every refusal is an
// RFC 9457 problem; none repeats a value.
//
// Package api opens no connection and listens on no port; package app does. Below
// are packages model, domain and docs, retort, its package web, and Huma.
package api

module github.com/retort-go/retort/bench

go 1.26.0

require github.com/retort-go/retort v0.0.0

replace github.com/retort-go/retort => ../

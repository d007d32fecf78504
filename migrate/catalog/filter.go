package catalog

import (
	"fmt"
	"path"
	"strings"
)

// filter decides what is kept.
type filter struct{ include, exclude []pattern }

// pattern is one pattern of [Options]; an empty name stands for every object.
type pattern struct{ namespace, name string }

func newFilter(opts Options) (*filter, error) {
	f := &filter{}
	for _, p := range []struct {
		texts []string
		into  *[]pattern
	}{{opts.Include, &f.include}, {opts.Exclude, &f.exclude}} {
		for _, text := range p.texts {
			namespace, name, _ := strings.Cut(text, ".")
			for _, part := range []string{namespace, name} {
				if _, err := path.Match(part, ""); err != nil {
					return nil, fmt.Errorf("catalog: pattern %q: %w; * and ? are wildcards, \\ takes their meaning away", text, err)
				}
			}
			if namespace == "" {
				return nil, fmt.Errorf("catalog: pattern %q names no schema; write public.%s", text, name)
			}
			*p.into = append(*p.into, pattern{namespace, name})
		}
	}
	return f, nil
}

func (f *filter) object(namespace, name string) bool {
	matches := func(list []pattern) bool {
		for _, p := range list {
			if match(p.namespace, namespace) && (p.name == "" || match(p.name, name)) {
				return true
			}
		}
		return false
	}
	return (len(f.include) == 0 || matches(f.include)) && !matches(f.exclude)
}

// namespace keeps a schema of which something may be kept.
func (f *filter) namespace(name string) bool {
	kept := len(f.include) == 0
	for _, p := range f.include {
		kept = kept || match(p.namespace, name)
	}
	for _, p := range f.exclude {
		if (p.name == "" || p.name == "*") && match(p.namespace, name) {
			return false
		}
	}
	return kept
}

// match takes names as they are, whatever is in them.
func match(pattern, name string) bool {
	// path.Match stops * at a slash, which a name may hold.
	ok, _ := path.Match(strings.ReplaceAll(pattern, "/", "\x00"), strings.ReplaceAll(name, "/", "\x00"))
	return ok
}

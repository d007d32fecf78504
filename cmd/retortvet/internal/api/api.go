// Package api recognizes the names of Retort that the checks are about.
//
// It goes by import path and name, as the checks see user code through the type
// checker and never link Retort. The test of the command holds the names against
// the library itself.
package api

import (
	"go/ast"
	"go/types"
	"strings"

	"golang.org/x/tools/go/types/typeutil"
)

// Import paths.
const (
	Root = "github.com/retort-go/retort"
	Web  = Root + "/web"
)

// In reports whether an object is declared in the package path.
func In(obj types.Object, path string) bool {
	return obj != nil && obj.Pkg() != nil && obj.Pkg().Path() == path
}

// Declares reports whether the package path declares a function; false for nil.
func Declares(path string, fn *types.Func) bool { return fn != nil && In(fn, path) }

// RootType gives the name of the type that t is, or points to, if it is declared
// in the root package; "" for all others.
func RootType(t types.Type) string {
	if p, ok := types.Unalias(t).(*types.Pointer); ok {
		t = p.Elem()
	}
	n, ok := types.Unalias(t).(*types.Named)
	if !ok || !In(n.Obj(), Root) {
		return ""
	}
	return n.Obj().Name()
}

// IsSession reports whether t is *retort.Session, under any alias.
func IsSession(t types.Type) bool {
	if t == nil {
		return false
	}
	_, pointer := types.Unalias(t).(*types.Pointer)
	return pointer && RootType(t) == "Session"
}

// IsStandIn reports whether a selector is the field C of a Table or Definition.
func IsStandIn(info *types.Info, sel *ast.SelectorExpr) bool {
	v, ok := info.Uses[sel.Sel].(*types.Var)
	if !ok || !v.IsField() || v.Name() != "C" || !In(v, Root) {
		return false
	}
	for _, owner := range []string{"Table", "Definition"} {
		obj := v.Pkg().Scope().Lookup(owner)
		if obj == nil {
			continue
		}
		s, ok := obj.Type().Underlying().(*types.Struct)
		for i := 0; ok && i < s.NumFields(); i++ {
			if s.Field(i) == v.Origin() {
				return true
			}
		}
	}
	return false
}

// Callee gives the function or method that a call names, as it was declared;
// nil for calls of values, conversions and built-in functions.
func Callee(info *types.Info, call *ast.CallExpr) *types.Func {
	fn, ok := typeutil.Callee(info, call).(*types.Func)
	if !ok {
		return nil
	}
	return fn.Origin()
}

// Receiver gives the name of a method's type; "" for functions.
func Receiver(fn *types.Func) string {
	recv := fn.Signature().Recv()
	if recv == nil {
		return ""
	}
	t := recv.Type()
	if p, ok := types.Unalias(t).(*types.Pointer); ok {
		t = p.Elem()
	}
	if n, ok := types.Unalias(t).(*types.Named); ok {
		return n.Obj().Name()
	}
	return ""
}

// Name is how messages call a function: retort.Lt, Query.With.
func Name(fn *types.Func) string {
	if recv := Receiver(fn); recv != "" {
		return recv + "." + fn.Name()
	}
	if fn.Pkg() == nil {
		return fn.Name()
	}
	return fn.Pkg().Name() + "." + fn.Name()
}

// Param gives the parameter that takes the argument i, the last for all of a
// variadic's; nil if there is none.
func Param(fn *types.Func, i int) *types.Var {
	params := fn.Signature().Params()
	if last := params.Len() - 1; fn.Signature().Variadic() && i > last {
		i = last
	}
	if i < 0 || i >= params.Len() {
		return nil
	}
	return params.At(i)
}

// IsTest reports whether a file is compiled into tests only.
func IsTest(filename string) bool { return strings.HasSuffix(filename, "_test.go") }

package arch

import (
	"fmt"
	"go/ast"
	"go/token"
	"slices"
	"strings"
)

// pureCalls are the functions whose result may be kept in a package variable:
// errors, compiled expressions, and values that nobody can change.
var pureCalls = []string{
	"errors.New", "fmt.Errorf", "regexp.MustCompile", "strings.NewReplacer", "math.Nextafter", "math.Inf", "math.Log", "time.Date",
	"phrases.Bare", "phrases.Spaced", "phrases.Words",
}

// HiddenState refuses init functions and package variables that could change:
// a variable is an error, a compiled expression, an embedded file or a literal
// table, has its value from its declaration, and is never assigned to, not even
// by a test.
func HiddenState(m *Module) []Finding {
	var findings []Finding
	for _, folder := range m.folders() {
		var names []string
		for _, f := range m.Files {
			if f.Dir != folder || f.Test {
				continue
			}
			for _, declaration := range f.Syntax.Decls {
				found, variables := m.declared(declaration)
				findings = append(findings, found...)
				names = append(names, variables...)
			}
		}
		findings = append(findings, m.assigned(folder, names)...)
	}
	return sorted(findings)
}

// declared checks one declaration and gives the names of its variables.
func (m *Module) declared(declaration ast.Decl) (findings []Finding, names []string) {
	switch d := declaration.(type) {
	case *ast.FuncDecl:
		if d.Recv == nil && d.Name.Name == "init" {
			findings = append(findings, Finding{m.at(d), "an init function runs before anybody asked for it"})
		}
	case *ast.GenDecl:
		if d.Tok != token.VAR {
			return nil, nil
		}
		for _, spec := range d.Specs {
			value := spec.(*ast.ValueSpec)
			for i, name := range value.Names {
				if name.Name == "_" || embedded(d, value) {
					continue
				}
				names = append(names, name.Name)
				if i >= len(value.Values) || !fixed(name.Name, value.Values[i]) {
					problem := fmt.Sprintf("the package variable %s is not an error, an expression, an embedded file or a literal table", name.Name)
					findings = append(findings, Finding{m.at(name), problem})
				}
			}
		}
	}
	return findings, names
}

// embedded tells a variable that the compiler fills from a file.
func embedded(d *ast.GenDecl, value *ast.ValueSpec) bool {
	for _, group := range []*ast.CommentGroup{d.Doc, value.Doc} {
		if group == nil {
			continue
		}
		for _, comment := range group.List {
			if strings.HasPrefix(comment.Text, "//go:embed ") {
				return true
			}
		}
	}
	return false
}

// fixed says whether a variable may have that value. An error may be a pointer to
// a literal, because that is how errors are compared.
func fixed(name string, value ast.Expr) bool {
	if pointer, ok := value.(*ast.UnaryExpr); ok && pointer.Op == token.AND && strings.HasPrefix(strings.ToLower(name), "err") {
		value = pointer.X
	}
	return constant(value)
}

// constant says whether an expression's value stays what it is as long as
// nobody assigns to the variable.
func constant(value ast.Expr) bool {
	switch v := value.(type) {
	case *ast.BasicLit, *ast.CompositeLit, *ast.Ident: // another variable is checked where it is declared
		return true
	case *ast.BinaryExpr:
		return constant(v.X) && constant(v.Y)
	case *ast.ParenExpr:
		return constant(v.X)
	case *ast.CallExpr:
		switch f := v.Fun.(type) {
		case *ast.SelectorExpr:
			owner, ok := f.X.(*ast.Ident)
			return ok && slices.Contains(pureCalls, owner.Name+"."+f.Sel.Name)
		case *ast.Ident: // a table made from literals by a function of the package
			return !slices.Contains([]string{"make", "new"}, f.Name) && literals(v.Args)
		}
	}
	return false
}

func literals(arguments []ast.Expr) bool {
	for _, a := range arguments {
		if !constant(a) {
			return false
		}
	}
	return len(arguments) > 0
}

// assigned finds statements of a package that change one of its variables. A
// local variable of the same name hides the package's one, so a name that the
// function declares itself is left alone.
func (m *Module) assigned(folder string, names []string) []Finding {
	var findings []Finding
	for _, f := range m.Files {
		if f.Dir != folder {
			continue
		}
		for _, declaration := range f.Syntax.Decls {
			function, ok := declaration.(*ast.FuncDecl)
			if !ok {
				continue
			}
			local := locals(function)
			ast.Inspect(function, func(node ast.Node) bool {
				for _, name := range changed(node) {
					if slices.Contains(names, name.Name) && !local[name.Name] {
						findings = append(findings, Finding{m.at(name), "the package variable " + name.Name + " is changed here"})
					}
				}
				return true
			})
		}
	}
	return findings
}

// changed lists the variables that a statement assigns to, alone or by an
// element or a field, or whose address it takes.
func changed(node ast.Node) []*ast.Ident {
	var targets []ast.Expr
	switch n := node.(type) {
	case *ast.AssignStmt:
		if n.Tok != token.DEFINE {
			targets = n.Lhs
		}
	case *ast.IncDecStmt:
		targets = []ast.Expr{n.X}
	case *ast.UnaryExpr:
		if n.Op == token.AND {
			targets = []ast.Expr{n.X}
		}
	case *ast.CallExpr:
		if f, ok := n.Fun.(*ast.Ident); ok && (f.Name == "delete" || f.Name == "clear") && len(n.Args) > 0 {
			targets = n.Args[:1]
		}
	}
	var names []*ast.Ident
	for _, target := range targets {
		if name := owner(target); name != nil {
			names = append(names, name)
		}
	}
	return names
}

// owner is the variable that an expression is a part of, or nil.
func owner(target ast.Expr) *ast.Ident {
	for {
		switch t := target.(type) {
		case *ast.Ident:
			return t
		case *ast.IndexExpr:
			target = t.X
		case *ast.SelectorExpr:
			target = t.X
		case *ast.StarExpr:
			target = t.X
		case *ast.ParenExpr:
			target = t.X
		default:
			return nil
		}
	}
}

// locals are the names that a function declares anywhere: parameters, results,
// receivers and variables.
func locals(function *ast.FuncDecl) map[string]bool {
	names := map[string]bool{}
	ast.Inspect(function, func(node ast.Node) bool {
		switch n := node.(type) {
		case *ast.Field:
			for _, name := range n.Names {
				names[name.Name] = true
			}
		case *ast.ValueSpec:
			for _, name := range n.Names {
				names[name.Name] = true
			}
		case *ast.AssignStmt:
			if n.Tok == token.DEFINE {
				note(names, n.Lhs...)
			}
		case *ast.RangeStmt:
			if n.Tok == token.DEFINE {
				note(names, n.Key, n.Value)
			}
		}
		return true
	})
	return names
}

func note(names map[string]bool, expressions ...ast.Expr) {
	for _, e := range expressions {
		if name, ok := e.(*ast.Ident); ok {
			names[name.Name] = true
		}
	}
}

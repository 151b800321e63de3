package arch

import (
	"fmt"
	"go/ast"
	"maps"
	"path"
	"slices"
	"strings"
)

// Callers says who may name a function or a method outside of tests. The key is a package's
// folder with a function ("rag/assure.Grant") or with a type and a method
// ("rag/assure.Field.For"), the value the folders that may.
type Callers map[string][]string

// OnlyCallers holds the code against the table. A function is known by the package that a
// file imports. The type of what a method is called on is not: every method of that name
// counts, so a guarded method should have a name of its own. The package that declares one
// may name it.
func OnlyCallers(m *Module, callers Callers) []Finding {
	var findings []Finding
	for _, name := range slices.Sorted(maps.Keys(callers)) {
		folder, _, _ := strings.Cut(name, ".")
		if !m.declares(name) {
			findings = append(findings, Finding{folder, name + " is guarded and does not exist; take it out of the table of callers"})
			continue
		}
		for _, f := range m.Files {
			if f.Test || f.Dir == folder || slices.Contains(callers[name], f.Dir) {
				continue
			}
			for _, node := range m.uses(f, name) {
				findings = append(findings, Finding{m.at(node), fmt.Sprintf("%s may not use %s", f.Dir, name)})
			}
		}
	}
	return sorted(findings)
}

// uses are the places of a file that name a guarded function or method.
func (m *Module) uses(f *File, name string) []ast.Node {
	folder, symbol, _ := strings.Cut(name, ".")
	_, method, isMethod := strings.Cut(symbol, ".")
	local := m.localName(f, folder)
	var found []ast.Node
	for _, spec := range f.Syntax.Imports {
		if local == "." && strings.Trim(spec.Path.Value, `"`) == m.Path+"/"+folder {
			found = append(found, spec) // what comes from it can't be told
		}
	}
	ast.Inspect(f.Syntax, func(node ast.Node) bool {
		selector, ok := node.(*ast.SelectorExpr)
		if !ok {
			return true
		}
		owner, _ := selector.X.(*ast.Ident)
		switch {
		case isMethod && selector.Sel.Name == method,
			!isMethod && owner != nil && owner.Name == local && selector.Sel.Name == symbol:
			found = append(found, selector)
		}
		return true
	})
	return found
}

// localName is what a file calls a package of the module, or "" if it does not import it.
func (m *Module) localName(f *File, folder string) string {
	for _, spec := range f.Syntax.Imports {
		if strings.Trim(spec.Path.Value, `"`) != m.Path+"/"+folder {
			continue
		}
		if spec.Name != nil {
			return spec.Name.Name
		}
		return path.Base(folder)
	}
	return ""
}

// declares tells whether the function or method is there.
func (m *Module) declares(name string) bool {
	folder, symbol, _ := strings.Cut(name, ".")
	typ, method, isMethod := strings.Cut(symbol, ".")
	for _, f := range m.Files {
		if f.Dir != folder || f.Test {
			continue
		}
		for _, declaration := range f.Syntax.Decls {
			d, ok := declaration.(*ast.FuncDecl)
			switch {
			case !ok:
			case !isMethod && d.Recv == nil && d.Name.Name == symbol,
				isMethod && d.Recv != nil && d.Name.Name == method && receiver(d) == typ:
				return true
			}
		}
	}
	return false
}

// receiver is the name of the type that a method belongs to.
func receiver(d *ast.FuncDecl) string {
	kind := d.Recv.List[0].Type
	for {
		switch k := kind.(type) {
		case *ast.StarExpr:
			kind = k.X
		case *ast.IndexExpr:
			kind = k.X
		case *ast.IndexListExpr:
			kind = k.X
		case *ast.Ident:
			return k.Name
		default:
			return ""
		}
	}
}

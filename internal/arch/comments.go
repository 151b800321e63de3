package arch

import (
	"fmt"
	"go/ast"
	"go/token"
)

// PackageComments wants exactly one file of each package to say what the
// package is for.
func PackageComments(m *Module) []Finding {
	comments := map[string]int{}
	for _, f := range m.Files {
		if f.Syntax.Doc != nil {
			comments[f.Dir]++
		}
	}
	var findings []Finding
	for _, folder := range m.folders() {
		if n := comments[folder]; n != 1 {
			findings = append(findings, Finding{folder, fmt.Sprintf("%d files have a package comment, not 1", n)})
		}
	}
	return findings
}

// ExportedComments wants a comment on everything that other packages can name:
// functions, methods of exported types, types, constants and variables. A
// group of constants or variables may share one.
func ExportedComments(m *Module) []Finding {
	var findings []Finding
	for _, f := range m.Files {
		if f.Test {
			continue
		}
		for _, declaration := range f.Syntax.Decls {
			for _, name := range undocumented(declaration) {
				findings = append(findings, Finding{m.at(name), name.Name + " is exported and has no comment"})
			}
		}
	}
	return sorted(findings)
}

// undocumented lists the exported names of a declaration that lack a comment.
func undocumented(declaration ast.Decl) []*ast.Ident {
	switch d := declaration.(type) {
	case *ast.FuncDecl:
		if d.Doc == nil && d.Name.IsExported() && exportedReceiver(d) {
			return []*ast.Ident{d.Name}
		}
	case *ast.GenDecl:
		if d.Tok == token.IMPORT || (d.Doc != nil && d.Tok != token.TYPE) {
			return nil
		}
		var names []*ast.Ident
		for _, spec := range d.Specs {
			names = append(names, undocumentedNames(d, spec)...)
		}
		return names
	}
	return nil
}

func undocumentedNames(d *ast.GenDecl, spec ast.Spec) []*ast.Ident {
	var names []*ast.Ident
	switch s := spec.(type) {
	case *ast.TypeSpec:
		// The comment of a group of types says nothing about each of them.
		if s.Doc == nil && (d.Doc == nil || d.Lparen.IsValid()) {
			names = append(names, s.Name)
		}
	case *ast.ValueSpec:
		if s.Doc == nil && s.Comment == nil {
			names = append(names, s.Names...)
		}
	}
	var exported []*ast.Ident
	for _, name := range names {
		if name.IsExported() {
			exported = append(exported, name)
		}
	}
	return exported
}

// exportedReceiver says whether a function is no method or one of an exported
// type.
func exportedReceiver(f *ast.FuncDecl) bool {
	if f.Recv == nil {
		return true
	}
	return token.IsExported(receiver(f))
}

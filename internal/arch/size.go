package arch

import (
	"fmt"
	"go/ast"
	"slices"
)

// FileLength wants no Go file, test or not, to be longer than the limit.
func FileLength(m *Module, limit int) []Finding {
	var findings []Finding
	for _, f := range m.Files {
		if f.Lines > limit {
			findings = append(findings, Finding{f.Name, fmt.Sprintf("%d lines, more than %d", f.Lines, limit)})
		}
	}
	return findings
}

// FunctionLength wants no function outside tests to be longer than longest, and
// all of them together to be no longer than mean on average.
func FunctionLength(m *Module, longest int, mean float64) []Finding {
	var findings []Finding
	functions, lines := 0, 0
	for _, f := range m.Files {
		if f.Test {
			continue
		}
		for _, declaration := range f.Syntax.Decls {
			function, ok := declaration.(*ast.FuncDecl)
			if !ok {
				continue
			}
			length := m.length(function)
			functions, lines = functions+1, lines+length
			if length > longest {
				problem := fmt.Sprintf("%s has %d lines, more than %d", function.Name.Name, length, longest)
				findings = append(findings, Finding{m.at(function), problem})
			}
		}
	}
	if actual := float64(lines) / float64(max(functions, 1)); actual > mean {
		problem := fmt.Sprintf("functions have %.1f lines on average, more than %.1f", actual, mean)
		findings = append(findings, Finding{m.Path, problem})
	}
	return sorted(findings)
}

// PackageNames refuses names that say nothing about what a package is for.
func PackageNames(m *Module, refused []string) []Finding {
	var findings []Finding
	seen := map[string]bool{}
	for _, f := range m.Files {
		name := f.Syntax.Name.Name
		if slices.Contains(refused, name) && !seen[f.Dir] {
			seen[f.Dir] = true
			findings = append(findings, Finding{f.Dir, fmt.Sprintf("a package named %s could hold anything", name)})
		}
	}
	return findings
}

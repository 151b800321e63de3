package arch

import (
	"fmt"
	"slices"
	"strings"
)

// Layers says who may import whom inside the module. The key is a package's
// folder, the value the folders it may import outside of tests. A package that
// is missing here is a finding: whoever adds one decides where it stands.
type Layers map[string][]string

// Use says where a third-party module may be imported.
type Use struct {
	// Code are the folders whose code may import it. Their tests may, too.
	Code []string
	// Tests are further folders whose tests may import it; "*" means all.
	Tests []string
}

// Uses holds every third-party module that the project imports, by module path.
type Uses map[string]Use

// layerOrder are the floors of the house from the ground up, by the first part
// of a package's folder.
var layerOrder = []string{"knowledge", "rag", "gateway", "evals", "cmd"}

// Imports holds the packages against both tables. Tests may import any package
// of the module that does not stand on a higher floor, adapters included.
func Imports(m *Module, layers Layers, uses Uses) []Finding {
	var findings []Finding
	for _, folder := range m.folders() {
		if _, known := layers[folder]; !known {
			findings = append(findings, Finding{folder, "this package is not in the table of layers"})
		}
	}
	used := map[string]bool{}
	for _, f := range m.Files {
		for _, spec := range f.Syntax.Imports {
			name := strings.Trim(spec.Path.Value, `"`)
			problem := ""
			if inside, ok := m.inside(name); ok {
				problem = internalProblem(f, inside, layers)
			} else if strings.Contains(strings.Split(name, "/")[0], ".") {
				used[moduleOf(name, uses)] = true
				problem = externalProblem(f, name, uses)
			}
			if problem != "" {
				findings = append(findings, Finding{m.at(spec), problem})
			}
		}
	}
	for module := range uses {
		if !used[module] {
			findings = append(findings, Finding{module, "nothing imports this module any more; take it out of the table"})
		}
	}
	return sorted(findings)
}

// inside gives the folder of an import of the module's own.
func (m *Module) inside(name string) (string, bool) {
	if name == m.Path {
		return ".", true
	}
	return strings.CutPrefix(name, m.Path+"/")
}

func internalProblem(f *File, imported string, layers Layers) string {
	if f.Test {
		if floor(imported) > floor(f.Dir) && floor(f.Dir) >= 0 {
			return fmt.Sprintf("a test in %s may not import %s, which stands above it", f.Dir, imported)
		}
		return ""
	}
	allowed := layers[f.Dir]
	if slices.Contains(allowed, imported) || slices.Contains(allowed, "*") {
		return ""
	}
	return fmt.Sprintf("%s may not import %s", f.Dir, imported)
}

// floor is a package's place in layerOrder, or -1 for plumbing.
func floor(folder string) int {
	first, _, _ := strings.Cut(folder, "/")
	return slices.Index(layerOrder, first)
}

// moduleOf is the module of the table that a package belongs to, or "".
func moduleOf(imported string, uses Uses) string {
	module := ""
	for candidate := range uses {
		if (imported == candidate || strings.HasPrefix(imported, candidate+"/")) && len(candidate) > len(module) {
			module = candidate
		}
	}
	return module
}

func externalProblem(f *File, imported string, uses Uses) string {
	module := moduleOf(imported, uses)
	if module == "" {
		return fmt.Sprintf("%s is not in the table of third-party modules", imported)
	}
	use := uses[module]
	inTests := f.Test && (slices.Contains(use.Tests, f.Dir) || slices.Contains(use.Tests, "*"))
	if slices.Contains(use.Code, f.Dir) || inTests {
		return ""
	}
	kind := "code"
	if f.Test {
		kind = "tests"
	}
	return fmt.Sprintf("%s may not be imported by the %s of %s", module, kind, f.Dir)
}

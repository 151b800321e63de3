package arch_test

import (
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/google/go-cmp/cmp"

	"github.com/recado/recado/internal/arch"
)

// The sizes that are held. The longest function is nearly always a switch over a
// wire format or a table.
const (
	maxFileLines     = 700
	maxFunctionLines = 80
	meanLines        = 20
)

// repository reads the whole project once for all tests.
var repository = sync.OnceValues(func() (*arch.Module, error) {
	return arch.Load(os.DirFS(filepath.Join("..", "..")))
})

func load(t *testing.T) *arch.Module {
	t.Helper()
	m, err := repository()
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// TestProject runs every rule over the project.
func TestProject(t *testing.T) {
	t.Parallel()
	rules := map[string]func(*arch.Module) []arch.Finding{
		"Imports":          func(m *arch.Module) []arch.Finding { return arch.Imports(m, layers, uses) },
		"OnlyCallers":      func(m *arch.Module) []arch.Finding { return arch.OnlyCallers(m, callers) },
		"PackageComments":  arch.PackageComments,
		"ExportedComments": arch.ExportedComments,
		"FileLength":       func(m *arch.Module) []arch.Finding { return arch.FileLength(m, maxFileLines) },
		"FunctionLength": func(m *arch.Module) []arch.Finding {
			return arch.FunctionLength(m, maxFunctionLines, meanLines)
		},
		"PackageNames": func(m *arch.Module) []arch.Finding { return arch.PackageNames(m, refusedNames) },
		"HiddenState":  arch.HiddenState,
		"Words":        func(m *arch.Module) []arch.Finding { return arch.Words(m, refusedWords) },
		"Links":        arch.Links,
	}
	for name, rule := range rules {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, finding := range rule(load(t)) {
				t.Error(finding)
			}
		})
	}
}

// TestLayersAreAcyclic holds the table itself: an order of the packages exists in
// which each imports only what comes before it.
func TestLayersAreAcyclic(t *testing.T) {
	t.Parallel()
	placed := map[string]bool{}
	for len(placed) < len(layers) {
		before := len(placed)
		for folder, imports := range layers {
			if !slices.ContainsFunc(imports, func(i string) bool { return i != "*" && !placed[i] }) {
				placed[folder] = true
			}
		}
		if len(placed) == before {
			t.Fatalf("these packages import each other or something unknown: %v", missing(placed))
		}
	}
}

func missing(placed map[string]bool) []string {
	var list []string
	for folder := range layers {
		if !placed[folder] {
			list = append(list, folder)
		}
	}
	slices.Sort(list)
	return list
}

// TestDependenciesAreExplained wants a line in the documents for every module
// that the tables allow.
func TestDependenciesAreExplained(t *testing.T) {
	t.Parallel()
	modules := slices.Sorted(maps.Keys(uses))
	for _, finding := range arch.Mentioned(load(t), modules, "docs/adr/dependencies.md") {
		t.Error(finding)
	}
}

// variable is the name of a setting in the environment.
var variable = regexp.MustCompile(`^(RECADO|DATABASE|REDIS|WHATSAPP|OPENAI)_[A-Z_]+$`)

// variables are the settings that the program reads, by the string literals of
// its code.
func variables(t *testing.T) []string {
	t.Helper()
	var names []string
	literal := regexp.MustCompile(`"[A-Z_]+"`)
	for name, text := range load(t).Texts {
		if !strings.HasPrefix(name, "cmd/recado/") || !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
			continue
		}
		for _, found := range literal.FindAllString(text, -1) {
			if word, err := strconv.Unquote(found); err == nil && variable.MatchString(word) {
				names = append(names, word)
			}
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// TestVariablesAreDocumented holds the settings of the program against the
// example file and the operator's page, and the example file against the program.
func TestVariablesAreDocumented(t *testing.T) {
	t.Parallel()
	known := variables(t)
	if len(known) < 16 {
		t.Fatalf("the program seems to read only %v", known)
	}
	for _, finding := range arch.Mentioned(load(t), known, ".env.example", "docs/operations.md") {
		t.Error(finding)
	}
	for line := range strings.Lines(load(t).Texts[".env.example"]) {
		name, _, ok := strings.Cut(strings.TrimLeft(strings.TrimSpace(line), "# "), "=")
		if ok && variable.MatchString(name) && !slices.Contains(known, name) && !slices.Contains(composeOnly, name) {
			t.Errorf(".env.example sets %s, which nothing reads", name)
		}
	}
}

// composeOnly are variables that docker-compose.yml reads for itself.
var composeOnly = []string{"RECADO_PORT"}

// compose is the part of docker-compose.yml that is checked.
type compose struct {
	Services map[string]struct {
		Image       string                       `yaml:"image"`
		Ports       []string                     `yaml:"ports"`
		Profiles    []string                     `yaml:"profiles"`
		Environment map[string]string            `yaml:"environment"`
		DependsOn   map[string]map[string]string `yaml:"depends_on"`
		Healthcheck map[string]any               `yaml:"healthcheck"`
		Volumes     []string                     `yaml:"volumes"`
	} `yaml:"services"`
	Volumes map[string]any `yaml:"volumes"`
}

func readCompose(t *testing.T) (file compose, text string) {
	t.Helper()
	text = load(t).Texts["docker-compose.yml"]
	if err := yaml.Unmarshal([]byte(text), &file); err != nil {
		t.Fatal(err)
	}
	if len(file.Services) < 3 {
		t.Fatalf("docker-compose.yml has %d services", len(file.Services))
	}
	return file, text
}

// TestComposeVariables wants every variable that the compose file reads or sets
// to be one that the program knows and the example file names.
func TestComposeVariables(t *testing.T) {
	t.Parallel()
	file, text := readCompose(t)
	var names []string
	for _, match := range regexp.MustCompile(`\$\{([A-Z_]+)`).FindAllStringSubmatch(text, -1) {
		names = append(names, match[1])
	}
	for _, finding := range arch.Mentioned(load(t), names, ".env.example", "docs/operations.md") {
		t.Error(finding)
	}
	known := variables(t)
	for name := range file.Services["recado"].Environment {
		if !slices.Contains(known, name) {
			t.Errorf("the service recado is given %s, which the program does not read", name)
		}
	}
}

// TestCompose holds what makes the compose file safe to start: ports that only
// this machine reaches, services that are waited for until they are healthy, and
// data in volumes that outlive the containers.
func TestCompose(t *testing.T) {
	t.Parallel()
	file, _ := readCompose(t)
	for name, service := range file.Services {
		for _, port := range service.Ports {
			if !strings.HasPrefix(port, "127.0.0.1:") {
				t.Errorf("%s opens port %s to everybody", name, port)
			}
		}
		for other, how := range service.DependsOn {
			target, known := file.Services[other]
			switch {
			case !known:
				t.Errorf("%s waits for %s, which there is not", name, other)
			case how["condition"] == "service_healthy" && target.Healthcheck == nil && target.Image != "":
				t.Errorf("%s waits until %s is healthy, which nothing checks", name, other)
			}
		}
		for _, volume := range service.Volumes {
			source, _, _ := strings.Cut(volume, ":")
			if _, named := file.Volumes[source]; !named {
				t.Errorf("%s keeps data in %s, which is not a named volume", name, source)
			}
		}
	}
	if diff := cmp.Diff([]string{"postgres", "redis"}, slices.Sorted(maps.Keys(file.Services["recado"].DependsOn))); diff != "" {
		t.Errorf("what recado waits for (-want +got):\n%s", diff)
	}
}

//go:build unix

package launch

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// source is one package source of apt, in the terms of sources.list(5).
type source struct {
	uris, suites, components []string
	// signedBy is the path of a keyring, or an indented key block that starts
	// on the line after the field's name.
	signedBy string
}

// release is what /etc/os-release says about the machine.
type release struct{ id, codename string }

// parseRelease reads os-release(5), whose values may be quoted.
func parseRelease(text string) release {
	var found release
	for line := range strings.Lines(text) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), "=")
		value = strings.Trim(value, `"'`)
		switch key {
		case "ID":
			found.id = value
		case "VERSION_CODENAME":
			found.codename = value
		}
	}
	return found
}

// readSources reads every package source below apt's folder, in both of apt's
// formats.
func readSources(etc string) ([]source, error) {
	parts, err := filepath.Glob(filepath.Join(etc, "sources.list.d", "*"))
	if err != nil {
		return nil, err
	}
	var sources []source
	for _, path := range append([]string{filepath.Join(etc, "sources.list")}, parts...) {
		// apt ignores files with other endings, and so files that somebody
		// has put out of use by renaming.
		parse := map[string]func(string) []source{".list": parseOneLine, ".sources": parseDeb822}[filepath.Ext(path)]
		if parse == nil {
			continue
		}
		text, err := os.ReadFile(path)
		if os.IsNotExist(err) {
			continue
		}
		if err != nil {
			return nil, err
		}
		sources = append(sources, parse(string(text))...)
	}
	return sources, nil
}

// parseOneLine reads the format `deb [signed-by=FILE] URI suite component…`.
func parseOneLine(text string) []source {
	var sources []source
	for line := range strings.Lines(text) {
		line, _, _ = strings.Cut(line, "#")
		fields := strings.Fields(line)
		if len(fields) == 0 || fields[0] != "deb" {
			continue
		}
		fields = fields[1:]
		var found source
		if len(fields) > 0 && strings.HasPrefix(fields[0], "[") {
			end := slices.IndexFunc(fields, func(f string) bool { return strings.HasSuffix(f, "]") })
			if end < 0 {
				continue
			}
			for _, option := range fields[:end+1] {
				if path, ok := strings.CutPrefix(strings.Trim(option, "[]"), "signed-by="); ok {
					found.signedBy = path
				}
			}
			fields = fields[end+1:]
		}
		if len(fields) < 3 {
			continue // a flat repository, without components
		}
		found.uris, found.suites, found.components = fields[:1], fields[1:2], fields[2:]
		sources = append(sources, found)
	}
	return sources
}

// parseDeb822 reads the format of stanzas with fields, where a line that
// starts with a space continues the field above it.
func parseDeb822(text string) []source {
	var sources []source
	fields, last := map[string]string{}, ""
	finish := func() {
		if slices.Contains(strings.Fields(fields["types"]), "deb") && fields["enabled"] != "no" {
			sources = append(sources, source{
				uris: strings.Fields(fields["uris"]), suites: strings.Fields(fields["suites"]),
				components: strings.Fields(fields["components"]), signedBy: fields["signed-by"],
			})
		}
		fields, last = map[string]string{}, ""
	}
	scanner := bufio.NewScanner(strings.NewReader(text))
	for scanner.Scan() {
		line := scanner.Text()
		switch {
		case strings.HasPrefix(line, "#"):
		case strings.TrimSpace(line) == "":
			finish()
		case line[0] == ' ' || line[0] == '\t':
			fields[last] += "\n" + line
		default:
			key, value, _ := strings.Cut(line, ":")
			last = strings.ToLower(key)
			fields[last] = strings.TrimSpace(value)
		}
	}
	finish()
	return sources
}

// mainSource returns the machine's source of its own release's main packages.
func mainSource(sources []source, codename string) (source, error) {
	for _, s := range sources {
		if len(s.uris) > 0 && slices.Contains(s.suites, codename) && slices.Contains(s.components, "main") {
			return s, nil
		}
	}
	return source{}, fmt.Errorf("apt has no source for %s main", codename)
}

// withSuite is the source in apt's deb822 format, for another suite.
func (s source) withSuite(suite string) string {
	text := fmt.Sprintf("Types: deb\nURIs: %s\nSuites: %s\nComponents: %s\n",
		strings.Join(s.uris, " "), suite, strings.Join(s.components, " "))
	if s.signedBy != "" {
		text += "Signed-By: " + s.signedBy + "\n"
	}
	return text
}

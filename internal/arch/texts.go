package arch

import (
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"
	"unicode"
)

// Words refuses strings anywhere in the project's texts, whatever their case.
// Lists of checksums are left out.
func Words(m *Module, refused []string) []Finding {
	var findings []Finding
	for _, name := range m.names() {
		if path.Ext(name) == ".sum" {
			continue
		}
		number := 0
		for line := range strings.Lines(m.Texts[name]) {
			number++
			lower := strings.ToLower(line)
			for _, word := range refused {
				if strings.Contains(lower, strings.ToLower(word)) {
					findings = append(findings, Finding{fmt.Sprintf("%s:%d", name, number), fmt.Sprintf("%q does not belong here", word)})
				}
			}
		}
	}
	return findings
}

var (
	// link finds the target of a Markdown link or image; a title may follow it.
	link = regexp.MustCompile(`\]\(<?([^)\s>]+)>?(?:\s+"[^"]*")?\)`)
	// outside tells a target that is not a file of the repository.
	outside = regexp.MustCompile(`^([a-zA-Z][a-zA-Z0-9+.-]*:|//)`)
	// heading finds a heading line outside of code blocks.
	heading = regexp.MustCompile(`^#{1,6}\s+(.*?)\s*#*$`)
)

// Links wants every relative link of the Markdown documents to lead to a file or
// folder of the project and, with a fragment, to a heading in it.
func Links(m *Module) []Finding {
	var findings []Finding
	for _, name := range m.names() {
		// What a program reads as its data has links that lead elsewhere.
		if path.Ext(name) != ".md" || strings.Contains(name, "testdata/") || strings.HasPrefix(name, "internal/demoshop/") {
			continue
		}
		for number, line := range prose(m.Texts[name]) {
			for _, match := range link.FindAllStringSubmatch(line, -1) {
				if problem := m.linkProblem(name, match[1]); problem != "" {
					findings = append(findings, Finding{fmt.Sprintf("%s:%d", name, number), problem})
				}
			}
		}
	}
	return sorted(findings)
}

func (m *Module) linkProblem(from, target string) string {
	if outside.MatchString(target) {
		return ""
	}
	file, fragment, _ := strings.Cut(target, "#")
	to := from
	if file != "" {
		to = path.Join(path.Dir(from), file)
	}
	if !m.paths[to] {
		return fmt.Sprintf("the link %s leads nowhere", target)
	}
	if fragment != "" && path.Ext(to) == ".md" && !slices.Contains(anchors(m.Texts[to]), fragment) {
		return fmt.Sprintf("%s has no heading %s", to, fragment)
	}
	return ""
}

// prose gives the lines outside of code blocks, by number from 1.
func prose(text string) map[int]string {
	lines, fenced, number := map[int]string{}, false, 0
	for line := range strings.Lines(text) {
		number++
		line = strings.TrimRight(line, "\n")
		if strings.HasPrefix(strings.TrimSpace(line), "```") {
			fenced = !fenced
			continue
		}
		if !fenced {
			lines[number] = line
		}
	}
	return lines
}

// anchors are the fragments by which the headings of a document are found, made
// as the usual viewers make them.
func anchors(text string) []string {
	var list []string
	for _, line := range prose(text) {
		match := heading.FindStringSubmatch(line)
		if match == nil {
			continue
		}
		list = append(list, strings.Map(func(r rune) rune {
			switch {
			case r == ' ':
				return '-'
			case unicode.IsLetter(r), unicode.IsDigit(r), r == '-', r == '_':
				return unicode.ToLower(r)
			}
			return -1
		}, match[1]))
	}
	return list
}

// Mentioned wants each word to stand in each of the files, as a whole word.
func Mentioned(m *Module, words []string, files ...string) []Finding {
	var findings []Finding
	for _, file := range files {
		for _, word := range words {
			whole := regexp.MustCompile(`(^|[^A-Za-z0-9_/.-])` + regexp.QuoteMeta(word) + `($|[^A-Za-z0-9_/-])`)
			if !whole.MatchString(m.Texts[file]) {
				findings = append(findings, Finding{file, word + " is not mentioned"})
			}
		}
	}
	return findings
}

package suite

import (
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"
)

// Note says what an import did not take, or took otherwise than it was meant there.
type Note struct {
	File string
	Line int
	Text string
}

// String is the note with its place.
func (n Note) String() string { return Problem{File: n.File, Line: n.Line, Text: n.Text}.Error() }

// maxImport bounds a file that is imported.
const maxImport = 64 << 20

// importer gathers the cases of another format.
type importer struct {
	file  string
	notes []Note
	cases []Case
	used  map[string]bool
}

func (im *importer) note(line int, format string, args ...any) {
	n := Note{File: im.file, Line: line, Text: fmt.Sprintf(format, args...)}
	// What all tests share is said once.
	if !slices.Contains(im.notes, n) {
		im.notes = append(im.notes, n)
	}
}

// readAll reads a file of an import whole.
func readAll(files fs.FS, name string) ([]byte, error) {
	info, err := fs.Stat(files, name)
	if err != nil {
		return nil, fmt.Errorf("import: %w", err)
	}
	if info.Size() > maxImport {
		return nil, fmt.Errorf("import: %s is larger than %d MB; split it", name, maxImport>>20)
	}
	data, err := fs.ReadFile(files, name)
	if err != nil {
		return nil, fmt.Errorf("import: %w", err)
	}
	return data, nil
}

// tagWord is a word as the schema has it.
var tagWord = regexp.MustCompile(`^[\p{L}\p{N}]([\p{L}\p{N} _.:/-]*[\p{L}\p{N}])?$`)

var noID = regexp.MustCompile(`[^a-z0-9]+`)

// slug makes an id of a text.
func slug(text string) string {
	const longest = 60
	letters := strings.NewReplacer(
		"á", "a", "é", "e", "í", "i", "ó", "o", "ú", "u", "ü", "u", "ñ", "n",
	).Replace(strings.ToLower(text))
	id := strings.Trim(noID.ReplaceAllString(letters, "-"), "-")
	return strings.TrimRight(id[:min(len(id), longest)], "-")
}

// add takes a case with one step; group may be there once for each language.
func (im *importer) add(line int, group string, c Case, say []string, e Expect) {
	say = slices.DeleteFunc(trimmed(say), func(s string) bool { return s == "" })
	switch {
	case len(say) == 0:
		im.note(line, "nothing is asked here; left out")
		return
	case e.Empty():
		im.note(line, "nothing is expected of the answer, so that it can't fail; left out")
		return
	}
	if c.Language == "" {
		c.Language = guess(strings.Join(say, " "))
	}
	if c.Language = languageOf(c.Language); c.Language == "" {
		im.note(line, "the language is neither Spanish nor English; left out")
		return
	}
	if group = slug(group); group == "" {
		group = fmt.Sprintf("case-%d", len(im.cases)+1)
	}
	c.Group, c.Line, c.File, c.Weight = group, line, im.file, max(c.Weight, 1)
	c.Steps = []Step{{Line: line, Say: say, Expect: e}}
	im.cases = append(im.cases, c)
}

func trimmed(list []string) []string {
	out := make([]string, 0, len(list))
	for _, s := range list {
		out = append(out, strings.TrimSpace(s))
	}
	return out
}

// languageOf reads a name of a language, empty for one that is not served.
func languageOf(name string) string {
	short, _, _ := strings.Cut(strings.ToLower(strings.TrimSpace(name)), "-")
	switch short {
	case "es", "spa", "español", "espanol", "spanish", "castellano":
		return "es"
	case "en", "eng", "english", "inglés", "ingles":
		return "en"
	}
	return ""
}

var spanishWords = regexp.MustCompile(`(?i)[¿¡ñáéíóú]|\b(el|la|los|las|un|una|de|que|qué|en|es|por|para|con|mi|cuando|donde|como|puedo|tengo|hola|gracias|pedido|cuanto)\b`)

var englishWords = regexp.MustCompile(`(?i)\b(the|a|an|of|to|in|is|are|for|with|my|i|you|do|does|how|what|when|where|can|please|order|hello|thanks|it)\b`)

// guess tells the two languages apart by their small words.
func guess(text string) string {
	if len(spanishWords.FindAllString(text, -1)) > len(englishWords.FindAllString(text, -1)) {
		return "es"
	}
	return "en"
}

// suite gives the cases as Read would: ids by language, languages side by side where they
// are one case.
func (im *importer) suite(name string) Suite {
	s := Suite{Name: slug(name)}
	if s.Name == "" {
		s.Name = "imported"
	}
	im.used = map[string]bool{}
	groups, order := map[string][]Case{}, []string{}
	for _, c := range im.cases {
		if groups[c.Group] == nil {
			order = append(order, c.Group)
		}
		groups[c.Group] = append(groups[c.Group], c)
	}
	for _, group := range order {
		for _, set := range sets(groups[group]) {
			id := im.fresh(group)
			for i := range set {
				set[i].Group, set[i].ID = id, id+"/"+set[i].Language
			}
			join(set)
			s.Cases = append(s.Cases, set...)
		}
	}
	return s
}

// sets joins cases that are one in several languages, Spanish first.
func sets(list []Case) [][]Case {
	var all [][]Case
	for _, c := range list {
		at := slices.IndexFunc(all, func(set []Case) bool {
			return alike(set[0], c) && !slices.ContainsFunc(set, func(other Case) bool { return other.Language == c.Language })
		})
		if at < 0 {
			all = append(all, []Case{c})
			continue
		}
		all[at] = append(all[at], c)
		slices.SortFunc(all[at], func(a, b Case) int { return strings.Compare(b.Language, a.Language) })
	}
	return all
}

// fresh is an id that no other case has.
func (im *importer) fresh(id string) string {
	for i, base := 2, id; im.used[id]; i++ {
		id = fmt.Sprintf("%s-%d", base, i)
	}
	im.used[id] = true
	return id
}

// base is a file's name for the name of a suite.
func base(name string) string { return strings.TrimSuffix(path.Base(name), path.Ext(name)) }

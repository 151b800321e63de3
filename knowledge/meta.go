package knowledge

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"golang.org/x/text/language"
	"golang.org/x/text/unicode/norm"
)

// maxFrontMatter is how far from the start of a document the end of its front matter
// is looked for. Reading YAML that nobody wrote can take the square of its length.
const maxFrontMatter = 16 << 10

// Over returns m with the fields that it leaves open taken from base.
func (m Meta) Over(base Meta) Meta {
	m.ID = cmp.Or(m.ID, base.ID)
	m.Title = cmp.Or(m.Title, base.Title)
	m.Locale = cmp.Or(m.Locale, base.Locale)
	m.Audience = cmp.Or(m.Audience, base.Audience)
	m.ValidFrom = cmp.Or(m.ValidFrom, base.ValidFrom)
	m.ValidTo = cmp.Or(m.ValidTo, base.ValidTo)
	m.Approver = cmp.Or(m.Approver, base.Approver)
	if len(m.Markets) == 0 {
		m.Markets = base.Markets
	}
	if len(m.Tags) == 0 {
		m.Tags = base.Tags
	}
	return m
}

// Check returns m as an index keeps it: locale and tags in lower case, markets as two
// capitals, lists sorted and without repetitions. An error is a sentence about the first
// field that cannot be understood.
func (m Meta) Check() (Meta, error) {
	var checked Meta
	for _, field := range []struct {
		key    string
		values []string
	}{
		{"id", []string{m.ID}},
		{"title", []string{m.Title}},
		{"locale", []string{m.Locale}},
		{"audience", []string{string(m.Audience)}},
		{"markets", m.Markets},
		{"valid_from", []string{m.ValidFrom}},
		{"valid_to", []string{m.ValidTo}},
		{"approver", []string{m.Approver}},
		{"tags", m.Tags},
	} {
		if err := checked.set(field.key, field.values...); err != nil {
			return Meta{}, err
		}
	}
	if checked.ValidTo != "" && checked.ValidFrom > checked.ValidTo {
		return Meta{}, fmt.Errorf("valid_from %s is after valid_to %s", checked.ValidFrom, checked.ValidTo)
	}
	return checked, nil
}

// metaKeys maps what people write to the fields of Meta, as foldKey writes it.
var metaKeys = map[string]string{
	"id": "id", "identificador": "id",
	"title": "title", "titulo": "title", "document": "title", "documento": "title",
	"locale": "locale", "lang": "locale", "language": "locale", "idioma": "locale", "lengua": "locale",
	"audience": "audience", "publico": "audience", "audiencia": "audience", "destinatario": "audience", "destinatarios": "audience",
	"market": "markets", "markets": "markets", "mercado": "markets", "mercados": "markets",
	"country": "markets", "countries": "markets", "pais": "markets", "paises": "markets",
	"valid_from": "valid_from", "valido_desde": "valid_from", "valida_desde": "valid_from", "vigente_desde": "valid_from",
	"valid_to": "valid_to", "valid_until": "valid_to", "expires": "valid_to",
	"valido_hasta": "valid_to", "valida_hasta": "valid_to", "vigente_hasta": "valid_to", "caduca": "valid_to",
	"approver": "approver", "approved_by": "approver", "owner": "approver",
	"responsable": "approver", "aprobado_por": "approver", "aprobador": "approver",
	"tags": "tags", "tag": "tags", "labels": "tags", "etiquetas": "tags", "etiqueta": "tags",
}

// MetaKey is the field of Meta, by its name in front matter, that a person means by a key
// or by the header of a column, and empty for one that means none. Case, accents and
// what separates words make no difference.
func MetaKey(name string) string { return metaKeys[foldKey(name)] }

// foldKey makes "Válido desde", "valido-desde" and "VALIDO_DESDE" one.
func foldKey(name string) string {
	var folded strings.Builder
	for _, r := range norm.NFD.String(strings.ToLower(name)) {
		switch {
		case unicode.IsLetter(r) || unicode.IsDigit(r):
			folded.WriteRune(r)
		case unicode.Is(unicode.Mn, r):
		default:
			folded.WriteByte(' ')
		}
	}
	return strings.Join(strings.Fields(folded.String()), "_")
}

// set reads what a person wrote for a field. No value and an empty one say nothing.
func (m *Meta) set(key string, values ...string) error {
	switch key {
	case "markets":
		return m.setMarkets(values)
	case "tags":
		m.Tags = list(values, func(r rune) bool { return r == ',' || r == ';' }, strings.ToLower)
		return nil
	}
	value := strings.TrimSpace(strings.Join(values, ", "))
	if value == "" {
		return nil
	}
	var err error
	switch key {
	case "id":
		m.ID = value
	case "title":
		m.Title = strings.Join(strings.Fields(value), " ")
	case "locale":
		m.Locale, err = cleanLocale(value)
	case "audience":
		m.Audience, err = cleanAudience(value)
	case "valid_from":
		m.ValidFrom, err = cleanDay(key, value)
	case "valid_to":
		m.ValidTo, err = cleanDay(key, value)
	case "approver":
		m.Approver = value
	}
	return err
}

// setMarkets reads country codes, in one text or several.
func (m *Meta) setMarkets(values []string) error {
	markets := list(values, func(r rune) bool { return r == ',' || r == ';' || unicode.IsSpace(r) }, strings.ToUpper)
	for i, market := range markets {
		region, err := language.ParseRegion(market)
		if err != nil || len(market) != 2 || !region.IsCountry() {
			return fmt.Errorf("market %q is not a country: write two letters such as ES or MX", market)
		}
		markets[i] = region.Canonicalize().String()
	}
	slices.Sort(markets)
	m.Markets = slices.Compact(markets)
	return nil
}

// list cuts texts at separators into clean words, sorted, each once; nil when there are
// none.
func list(values []string, separator func(rune) bool, clean func(string) string) []string {
	var words []string
	for _, value := range values {
		for _, word := range strings.FieldsFunc(value, separator) {
			if word = clean(strings.TrimSpace(word)); word != "" {
				words = append(words, word)
			}
		}
	}
	slices.Sort(words)
	return slices.Compact(words)
}

func cleanAudience(given string) (Audience, error) {
	switch foldKey(given) {
	case "customer", "customers", "cliente", "clientes", "publico", "todos":
		return AudienceCustomer, nil
	case "agent", "agents", "agente", "agentes", "internal", "interno", "interna", "equipo":
		return AudienceAgent, nil
	}
	return "", fmt.Errorf("audience %q is not known: write customer or agent", given)
}

func cleanDay(key, given string) (string, error) {
	if _, err := time.Parse(time.DateOnly, given); err != nil {
		return "", fmt.Errorf("%s %q is not a day: write it as 2026-01-31", key, given)
	}
	return given, nil
}

// cleanLocale checks a locale a person wrote: a language of two or three letters
// with optional subtags, "es", "es-MX", "en_US". It comes back in lower case with
// hyphens.
func cleanLocale(given string) (string, error) {
	locale := strings.ToLower(strings.ReplaceAll(strings.TrimSpace(given), "_", "-"))
	for i, part := range strings.Split(locale, "-") {
		letters := strings.IndexFunc(part, func(r rune) bool { return r > 'z' || r < '0' || (r > '9' && r < 'a') }) < 0
		if !letters || part == "" || len(part) > 8 || (i == 0 && (len(part) < 2 || len(part) > 3)) {
			return "", fmt.Errorf("%q is not a language such as es or en", given)
		}
	}
	return locale, nil
}

// frontMatter reads the YAML mapping between two lines of hyphens at the start, behind
// nothing but blank lines and comments, and says where the body begins. What holds no key
// is part of the body: a document may begin with a rule. What looks like front matter and
// can't be read as such is an error: it may say what customers must not see. Keys that
// mean nothing here are ignored, help centres have many; but not those that Mistyped
// knows. An error names the line.
func frontMatter(text string) (m Meta, body int, err error) {
	start, end, body := fenced(text)
	if body == 0 {
		return Meta{}, 0, unfenced(text)
	}
	// Lines of its own in the place of those above keep the numbers of lines right.
	above := strings.Repeat("\n", strings.Count(text[:start], "\n"))
	file, err := parser.ParseBytes([]byte(above+text[start:end]), 0)
	if err != nil {
		return Meta{}, 0, yamlError(err)
	}
	pairs, ok := mapping(file)
	if !ok {
		return Meta{}, 0, unfenced(text)
	}
	names := map[string]string{}
	for pairs.Next() {
		name := pairs.Key().GetToken().Value
		if err := m.setPair(name, pairs.Value(), names); err != nil {
			return Meta{}, 0, fmt.Errorf("line %d: %w", pairs.Key().GetToken().Position.Line, err)
		}
	}
	return m, body, nil
}

// setPair reads one key of front matter. names are the keys that were read, by their
// field: two names of one field would be two answers to one question.
func (m *Meta) setPair(name string, value ast.Node, names map[string]string) error {
	key := MetaKey(name)
	if key == "" {
		return Mistyped(name)
	}
	if first := names[key]; first != "" {
		return fmt.Errorf("%q and %q both mean %s; keep one of them", name, first, key)
	}
	names[key] = name
	values, ok := scalars(value)
	if !ok {
		return fmt.Errorf("%s must be a text or a list of texts", key)
	}
	return m.set(key, values...)
}

// mapping is the mapping that the file consists of.
func mapping(file *ast.File) (*ast.MapNodeIter, bool) {
	if len(file.Docs) != 1 {
		return nil, false
	}
	node, ok := file.Docs[0].Body.(ast.MapNode)
	if !ok {
		return nil, false
	}
	return node.MapRange(), true
}

// scalars are the texts of a value: one, those of a list, or none.
func scalars(node ast.Node) ([]string, bool) {
	switch n := node.(type) {
	case *ast.NullNode:
		return nil, true
	case *ast.LiteralNode:
		return []string{n.Value.Value}, true
	case *ast.SequenceNode:
		var all []string
		for _, value := range n.Values {
			values, ok := scalars(value)
			if _, nested := value.(*ast.SequenceNode); !ok || nested {
				return nil, false
			}
			all = append(all, values...)
		}
		return all, true
	case *ast.StringNode, *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode, *ast.InfinityNode, *ast.NanNode:
		// The text as it is written: a day or "on" is no other type here.
		return []string{n.GetToken().Value}, true
	}
	return nil, false
}

// yamlError turns an error of the YAML parser into one line.
func yamlError(err error) error {
	var at yaml.Error
	if !errors.As(err, &at) || at.GetToken() == nil {
		return fmt.Errorf("not readable as YAML: %w", err)
	}
	return fmt.Errorf("line %d: not readable as YAML: %s; a value with a colon or a hash belongs in quotes",
		at.GetToken().Position.Line, at.GetMessage())
}

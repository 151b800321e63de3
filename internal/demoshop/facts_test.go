package demoshop_test

import (
	"encoding/csv"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/recado/recado/internal/demoshop"
)

var (
	frontMatter = regexp.MustCompile(`(?s)\A---\ntitle: ([^\n]+)\nlocale: (es|en)\n(?:valid_from: [\d-]{10}\nvalid_until: [\d-]{10}\n)?---\n\n# ([^\n]+)\n\n`)
	listMarker  = regexp.MustCompile(`(?m)^\d+\. `)
	comma       = regexp.MustCompile(`(\d),(\d)`)
	euroFirst   = regexp.MustCompile(`€(\d+(?:\.\d+)?)`)
	// figure is a number, and the unit that follows it with at most one word
	// between that qualifies it ("8 recovery codes", "3 paid orders").
	figure = regexp.MustCompile(`(\d+(?:[.:]\d+)*)[ -]*((?:more |delivery |failed |recovery |paid )?` +
		`(?:días? hábil(?:es)?|working days?|días? natural(?:es)?|calendar days?|días?|days?|[\p{L}€%]+(?: de noviembre| de diciembre| de enero)?))?`)
	// spelled finds numbers written as words. "Uno" and "one" are words of many
	// uses and stay out.
	spelled = map[string]*regexp.Regexp{
		"es": regexp.MustCompile(`(?i)(^|[^\p{L}])(dos|tres|cuatro|cinco|seis|siete|ocho|nueve|diez|once|doce|quince|veinte|treinta)([^\p{L}]|$)`),
		"en": regexp.MustCompile(`(?i)(^|[^\p{L}])(two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|fifteen|twenty|thirty)([^\p{L}]|$)`),
	}
)

// units maps the units of both languages to one name. A number followed by any
// other word has no unit.
var units = map[string]string{
	"día hábil": "working day", "días hábiles": "working day", "working day": "working day", "working days": "working day",
	"día natural": "calendar day", "días naturales": "calendar day", "calendar day": "calendar day", "calendar days": "calendar day",
	"día": "day", "días": "day", "day": "day", "days": "day",
	"hora": "hour", "horas": "hour", "hour": "hour", "hours": "hour",
	"minuto": "minute", "minutos": "minute", "minute": "minute", "minutes": "minute",
	"segundos": "second", "seconds": "second",
	"mes": "month", "meses": "month", "month": "month", "months": "month",
	"año": "year", "años": "year", "year": "year", "years": "year",
	"veces": "time", "times": "time", "intentos": "attempt", "attempts": "attempt",
	"fotos": "photo", "photos": "photo", "pasos": "step", "steps": "step", "unidades": "unit", "units": "unit",
	"tiendas": "store", "stores": "store", "caracteres": "character", "characters": "character",
	"código": "code", "códigos": "code", "code": "code", "codes": "code", "tarjetas": "card", "cards": "card",
	"usuarios": "user", "users": "user", "pedidos": "order", "orders": "order", "aparato": "device", "device": "device",
	"€": "EUR", "%": "%", "kg": "kg", "cm": "cm", "GHz": "GHz", "m": "m",
	"de noviembre": "Nov", "November": "Nov", "de diciembre": "Dec", "December": "Dec", "de enero": "Jan", "January": "Jan",
}

// figures returns the numbers of a text with their units, sorted, in one
// notation for both languages.
func figures(text, locale string) []string {
	text = listMarker.ReplaceAllString(text, "")
	if locale == "es" {
		text = comma.ReplaceAllString(text, "$1.$2")
	}
	text = euroFirst.ReplaceAllString(text, "$1 €")
	// "15 de noviembre" reads like the English "15 November".
	text = strings.NewReplacer("de noviembre", "November", "de diciembre", "December", "de enero", "January").Replace(text)
	var found []string
	for _, m := range figure.FindAllStringSubmatch(text, -1) {
		unit := m[2]
		for _, word := range []string{"more ", "delivery ", "failed ", "recovery ", "paid "} {
			unit = strings.TrimPrefix(unit, word)
		}
		found = append(found, strings.TrimSpace(m[1]+" "+units[unit]))
	}
	slices.Sort(found)
	return found
}

// readPolicies returns the documents of a locale by slug.
func readPolicies(t *testing.T, locale string) map[string]string {
	t.Helper()
	docs := map[string]string{}
	names, err := fs.Glob(demoshop.Policies(), locale+"/*.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		text, err := fs.ReadFile(demoshop.Policies(), name)
		if err != nil {
			t.Fatal(err)
		}
		docs[strings.TrimSuffix(path.Base(name), ".md")] = string(text)
	}
	return docs
}

// readFAQ returns the pairs of a locale, question and answer, in order.
func readFAQ(t *testing.T, locale string) [][]string {
	t.Helper()
	rows, err := csv.NewReader(strings.NewReader(string(demoshop.FAQ()))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"question", "answer", "locale"}, rows[0]); diff != "" {
		t.Fatalf("header (-want +got):\n%s", diff)
	}
	return slices.DeleteFunc(rows[1:], func(row []string) bool { return row[2] != locale })
}

func TestFiguresReadBothNotations(t *testing.T) {
	t.Parallel()
	es := figures("1. De 5 a 10 días hábiles, 4,99 € o 9,9 %; el 15 de noviembre, 2,4 GHz y 1 año más", "es")
	en := figures("1. 5 to 10 working days, €4.99 or 9.9%; on 15 November, 2.4 GHz and 1 more year", "en")
	want := []string{"1 year", "10 working day", "15 Nov", "2.4 GHz", "4.99 EUR", "5", "9.9 %"}
	if diff := cmp.Diff(want, es); diff != "" {
		t.Errorf("es (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(want, en); diff != "" {
		t.Errorf("en (-want +got):\n%s", diff)
	}
	if cmp.Equal(figures("5 días hábiles", "es"), figures("5 calendar days", "en")) {
		t.Error("working days and calendar days count as equal")
	}
}

func TestPoliciesStateTheSameFiguresInBothLanguages(t *testing.T) {
	t.Parallel()
	es, en := readPolicies(t, "es"), readPolicies(t, "en")
	if len(es) != 26 || len(en) != 26 {
		t.Errorf("got %d Spanish and %d English documents, want 26 of each", len(es), len(en))
	}
	for slug, text := range es {
		if _, ok := en[slug]; !ok {
			t.Errorf("%s is missing in English", slug)
			continue
		}
		if diff := cmp.Diff(figures(text, "es"), figures(en[slug], "en")); diff != "" {
			t.Errorf("%s (-es +en):\n%s", slug, diff)
		}
		if a, b := strings.Count(text, "\n## "), strings.Count(en[slug], "\n## "); a != b {
			t.Errorf("%s has %d sections in Spanish and %d in English", slug, a, b)
		}
	}
}

func TestPoliciesHaveTheirForm(t *testing.T) {
	t.Parallel()
	tables := 0
	for _, locale := range []string{"es", "en"} {
		for slug, text := range readPolicies(t, locale) {
			m := frontMatter.FindStringSubmatch(text)
			if m == nil || m[2] != locale || m[1] != m[3] {
				t.Errorf("%s/%s: front matter and heading do not agree", locale, slug)
				continue
			}
			if n := len(strings.Fields(text[len(m[0]):])); n < 150 && !ofSeason(text) || n > 450 {
				t.Errorf("%s/%s has %d words, want 150 to 450", locale, slug, n)
			}
			if word := spelled[locale].FindString(text); word != "" {
				t.Errorf("%s/%s spells out the number %q", locale, slug, word)
			}
			tables += strings.Count(text, "\n|---")
		}
	}
	if tables == 0 {
		t.Error("no document has a table")
	}
}

func TestFAQAgreesWithThePolicies(t *testing.T) {
	t.Parallel()
	es, en := readFAQ(t, "es"), readFAQ(t, "en")
	if len(es) < 30 || len(es) != len(en) {
		t.Fatalf("got %d Spanish and %d English pairs, want the same number and at least 30", len(es), len(en))
	}
	for i := range es {
		if diff := cmp.Diff(figures(es[i][1], "es"), figures(en[i][1], "en")); diff != "" {
			t.Errorf("%s (-es +en):\n%s", es[i][0], diff)
		}
	}
	for locale, rows := range map[string][][]string{"es": es, "en": en} {
		known := map[string]bool{}
		for _, text := range readPolicies(t, locale) {
			for _, f := range figures(text, locale) {
				known[f] = true
			}
		}
		for _, row := range rows {
			for _, f := range figures(row[1], locale) {
				if !known[f] {
					t.Errorf("%q: no policy states %q", row[0], f)
				}
			}
		}
	}
}

// A promise that several documents repeat has one value everywhere. Each entry
// names a phrase that must always come with the same figure.
func TestRepeatedPromisesAgree(t *testing.T) {
	t.Parallel()
	tests := []struct{ locale, phrase, want string }{
		{"es", `(?i)tarjeta[^.|\n;]*? de (\d+ a \d+ días hábiles)`, "5 a 10 días hábiles"},
		{"es", `PayPal[^.|\n]*? de (\d+ a \d+ días hábiles)`, "2 a 3 días hábiles"},
		{"es", `(?i)nuevo envío por ([\d,]+ €)`, "4,99 €"},
		{"es", `(?i)más de (\d+ kg)`, "30 kg"},
		{"es", `(?i)bizum,? hasta (\d+ €)`, "1000 €"},
		{"en", `(?i)card[^.|\n;]*?(\d+ to \d+ working days)`, "5 to 10 working days"},
		{"en", `PayPal[^.|\n]*?(\d+ to \d+ working days)`, "2 to 3 working days"},
		{"en", `(?i)new delivery for (€[\d.]+\d)`, "€4.99"},
		{"en", `(?i)over (\d+ kg)`, "30 kg"},
		{"en", `(?i)bizum,? up to (€\d+)`, "€1000"},
	}
	for _, tt := range tests {
		t.Run(fmt.Sprintf("%s/%s", tt.locale, tt.want), func(t *testing.T) {
			t.Parallel()
			phrase, count := regexp.MustCompile(tt.phrase), 0
			texts := readPolicies(t, tt.locale)
			for _, row := range readFAQ(t, tt.locale) {
				texts[row[0]] = row[1]
			}
			for name, text := range texts {
				for _, m := range phrase.FindAllStringSubmatch(text, -1) {
					count++
					if m[1] != tt.want {
						t.Errorf("%s says %q, want %q", name, m[1], tt.want)
					}
				}
			}
			if count < 2 {
				t.Errorf("found the promise %d times, want at least 2", count)
			}
		})
	}
}

// ofSeason tells whether a policy holds for a season only. Such ones are short, and no
// question of today is about one of a season that is over.
func ofSeason(text string) bool { return strings.Contains(text, "\nvalid_until: ") }

package receipts_test

import (
	"strings"
	"testing"

	"github.com/recado/recado/rag/receipts"
)

// passage is one of more words than an extract can be taken for the whole of.
var passage = "The lighthouse of Finisterre was built in 1853. Its lamp reaches 23 miles. " + strings.Repeat("Ships of many countries pass the cape in winter and summer alike. ", 8) +
	"The keeper's house became a hotel in 1998, and Nieves Lorenzo has run it since."

func TestSettings(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, response, question string
		contexts                 []string
		want                     receipts.Setting
	}{
		{"a sentence", "The lamp reaches 23 miles.", "", []string{passage}, receipts.Statement},
		{"a summary", "The lighthouse is from 1853. Its lamp reaches 23 miles far.", "", []string{passage}, receipts.Digest},
		{"of a record", "It has a terrace.", "", []string{`{"terrace": true}`}, receipts.Records},
		{"of several passages", "It was built in 1853.", "when was it built", []string{passage, "Another."}, receipts.Passages},
		{"a name", "Nieves Lorenzo", "who runs the hotel", []string{passage}, receipts.Extract},
		{"a name out of a line", "Nieves Lorenzo", "who runs it", []string{"Nieves Lorenzo runs it."}, receipts.Extract},
		{"an altered figure", "in 1854", "when was it built?", []string{passage}, receipts.Extract},
		{"a piece", "The keeper's house became a hotel in 1998", "What became of the house?", []string{passage}, receipts.Extract},
		{"a sentence of it", "The keeper's house became a hotel in 1998.", "What became of the house?", []string{passage}, receipts.Reply},
		{"a piece of little", "The keeper's house became a hotel", "What became of it?", []string{"The keeper's house became a hotel in 1998."}, receipts.Reply},
		{"to a remark", "The keeper's house became a hotel in 1998", "I like houses.", []string{passage}, receipts.Reply},
		{"own words", "Since the nineties one can sleep where the keeper of the light used to live.", "Can one sleep there?", []string{passage}, receipts.Reply},
	} {
		if got := receipts.NewReader().ReadWhole("en", c.response, c.question, c.contexts).Setting; got != c.want {
			t.Errorf("%s: %s, not %s", c.name, got, c.want)
		}
	}
}

// An answer to another question about the same passage stands where that question's words
// are, not where those of this one are.
func TestLead(t *testing.T) {
	t.Parallel()
	lead := func(response, question string) float64 {
		return receipts.NewReader().ReadWhole("en", response, question, []string{passage}).Features["lead"]
	}
	for question, answers := range map[string][2]string{
		"When did the keeper's house become a hotel?": {"1998", "1853"},
		"In what year was the lighthouse built?":      {"1853", "1998"},
		"Who has run the hotel?":                      {"Nieves Lorenzo", "ships of many countries"},
	} {
		if right, wrong := lead(answers[0], question), lead(answers[1], question); right <= wrong || right > 1 {
			t.Errorf("%s: %s leads by %.2f and %s by %.2f", question, answers[0], right, answers[1], wrong)
		}
	}
	for _, nothing := range [][2]string{{"", "When?"}, {"1853", ""}, {"1853", "Bananas?"}, {strings.Repeat("lighthouse keeper ", 30), "Who?"}} {
		if got := lead(nothing[0], nothing[1]); got != 0 {
			t.Errorf("%q to %q leads by %.2f", nothing[0], nothing[1], got)
		}
	}
}

// A record that says no to something, or nothing about it, backs no response that names it.
func TestRefusedFields(t *testing.T) {
	t.Parallel()
	record := `{"name":"Bar Atlántico","attributes":{"OutdoorSeating":true,"HappyHour":null,"parking":{"valet":false,"street":true}},"reviews":[{"stars":4}]}`
	of := func(response string) float64 {
		return receipts.NewReader().ReadWhole("en", response, "", []string{record}).Features["refused"]
	}
	if got := of("It has outdoor seating and street parking."); got != 0 {
		t.Errorf("what is there counts %.2f", got)
	}
	one, two := of("It has valet parking."), of("It has valet parking and a happy hour.")
	if one <= 0 || two <= one {
		t.Errorf("one field counts %.2f and two %.2f", one, two)
	}
}

func TestDeclines(t *testing.T) {
	t.Parallel()
	for response, want := range map[string]float64{
		"The passages do not mention who built it.": 1, "I am unable to answer that.": 1, "No hay información sobre ello.": 1, "It was built in 1853.": 0,
	} {
		if got := receipts.NewReader().ReadWhole("en", response, "Who built it?", []string{passage, passage}).Features["declines"]; got != want {
			t.Errorf("%s: %v", response, got)
		}
	}
}

// A summary that makes something up has words of which the text has not even the beginning,
// and what is copied stands in long runs.
func TestDigestFeatures(t *testing.T) {
	t.Parallel()
	of := func(response string) map[string]float64 {
		return receipts.NewReader().ReadWhole("en", response, "", []string{passage}).Features
	}
	copied := of("The lighthouse of Finisterre was built in 1853. Its lamp reaches 23 miles.")
	told := of("The Finisterre lighthouse, built in 1853, has lamps that reached 23 miles.")
	ended := of("The lighthouse of Finisterre was built in 1853. Tourists should nevertheless bring binoculars.")
	begun := of("Tourists should nevertheless bring binoculars. The lighthouse of Finisterre was built in 1853.")
	if copied["strange"] != 0 || told["strange"] != 0 || ended["strange"] == 0 {
		t.Errorf("strange words: %.2f copied, %.2f told, %.2f made up", copied["strange"], told["strange"], ended["strange"])
	}
	if ended["strange_final"] != ended["strange_most"] || begun["strange_final"] != 0 || begun["strange_most"] != ended["strange_most"] {
		t.Errorf("made up at the end %v, at the beginning %v", ended, begun)
	}
	if copied["runs"] <= told["runs"] || copied["copied"] != 1 || ended["copied"] >= 1 || copied["shortened"] <= 0 {
		t.Errorf("copied %v, told %v", copied, told)
	}
}

// What announces a summary, and the words with which one tells of a text, state nothing that
// the text would have to say. A word that no dictionary has counts apart, and so does how
// many strange words make a phrase.
func TestStrangersOfDigests(t *testing.T) {
	t.Parallel()
	reader := receipts.NewReader()
	of := func(locale, response string) map[string]float64 {
		return reader.ReadWhole(locale, response, "", []string{passage}).Features
	}
	plain := of("en", "The lighthouse of Finisterre was built in 1853. Its lamp reaches 23 miles.")
	for _, response := range []string{
		"Sure! Here's a summary of the article within 40 words: The lighthouse of Finisterre was built in 1853. Its lamp reaches 23 miles.",
		"The article also highlights that the lighthouse of Finisterre was built in 1853. However, its lamp reaches 23 miles.",
	} {
		got := of("en", response)
		for _, name := range []string{"strange", "strange_rare", "strange_most", "strange_final", "strange_run", "figures"} {
			if got[name] != 0 || plain[name] != 0 {
				t.Errorf("%s: %s is %.2f", response, name, got[name])
			}
		}
	}
	if got := of("es", "Aquí está el resumen en 40 palabras: Finisterre, 1853, countries. Nieves Lorenzo, hotel, 1998."); got["figures"] != 0 || got["strange"] != 0 {
		t.Errorf("announced in Spanish: %v", got)
	}
	if got := of("en", "The lamp of Finisterre: its light reaches 40 miles. It was built in 1853."); got["figures"] == 0 {
		t.Error("what comes before a colon is left out of a response that announces nothing")
	}
	named := of("en", "The lighthouse of Finisterre was built by Zorbatron. Its lamp reaches 23 miles.")
	if named["strange_rare"] == 0 || named["strange"] != 0 {
		t.Errorf("a name that the text has not: %v", named)
	}
	phrase := of("en", "The lighthouse, where tourists bring binoculars, was built in 1853. Its lamp reaches 23 miles.")
	apart := of("en", "The lighthouse, where tourists pass, was built in 1853. Its binoculars reach 23 miles in winter, and the hotel may bring ships.")
	if phrase["strange_run"] <= apart["strange_run"] {
		t.Errorf("strange words in a row %.2f, apart %.2f", phrase["strange_run"], apart["strange_run"])
	}
}

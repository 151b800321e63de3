package gateway

import (
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/recado/recado/rag/guard"
)

// How long a customer is given to go on, in tenths of the quiet period.
const (
	tenthsTap      = 2
	tenthsFinished = 6
	tenthsUsual    = 10
	tenthsFragment = 25
)

// maxPatient bounds the texts that are looked at: who wrote more than this has said
// something whole.
const maxPatient = 2000

// patience is how long after a message the customer is given to go on before they are
// answered: less than the quiet period where the message looks finished, more where it
// looks like the beginning of one. It looks at one message alone and asks nobody. The
// burst as a whole ends by MaxBurst whatever this says, and a message with a file waits
// for the file besides, by the store.
func patience(m *Message, quiet time.Duration) time.Duration {
	return quiet * time.Duration(tenths(m)) / tenthsUsual
}

func tenths(m *Message) int {
	switch {
	case m == nil:
		return tenthsUsual
	case m.Choice != nil:
		// A tap is whole, and its customer looks at the screen.
		return tenthsTap
	case m.Type != "text" || len(m.Text) > maxPatient:
		return tenthsUsual
	}
	text := strings.TrimSpace(m.Text)
	if _, ok := guard.ControlOf(text); ok || isCode(text) {
		return tenthsFinished
	}
	switch {
	case text == "":
		return tenthsUsual
	case goesOn(text):
		return tenthsFragment
	case finished.MatchString(text):
		return tenthsFinished
	case fragment(text):
		return tenthsFragment
	}
	return tenthsUsual
}

var (
	// finished matches texts that end as sentences do, smiles and quotes behind it aside.
	finished = regexp.MustCompile(`[.!?][\s"'”»)\p{So}\x{fe0f}]*$`)
	// hanging matches texts that end with what goes before more.
	hanging = regexp.MustCompile(`(?:[,:;(-]|\.\.\.|…)\s*$`)
	number  = regexp.MustCompile(`\d`)
)

// goesOn tells whether a text ends where no sentence does.
func goesOn(text string) bool {
	if hanging.MatchString(text) {
		return true
	}
	words := strings.Fields(strings.ToLower(text))
	return len(words) > 0 && slices.Contains(joining, words[len(words)-1])
}

// joining are words that no sentence ends with.
var joining = []string{
	"y", "e", "o", "u", "ni", "pero", "porque", "aunque", "que", "si", "como", "cuando", "donde", "con", "sin",
	"de", "del", "para", "por", "en", "el", "la", "los", "las", "un", "una", "mi", "mis", "tu", "su", "es",
	"sobre", "entre", "and", "or", "but", "because", "although", "that", "if", "when", "where", "with",
	"without", "of", "for", "from", "to", "in", "on", "at", "the", "a", "an", "my", "your", "is", "about",
	"between",
}

// fragment tells whether a text is only a greeting, or a word or two that ask nothing: a
// number is what was asked for, more often than not.
func fragment(text string) bool {
	if number.MatchString(text) || utf8.RuneCountInString(text) > 40 {
		return false
	}
	return len(strings.Fields(text)) <= 2 && guard.Courteous(text) != guard.Thanks || guard.Courteous(text) == guard.Greeting
}

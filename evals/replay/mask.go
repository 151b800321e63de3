package replay

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/language"

	"github.com/recado/recado/gateway"
	"github.com/recado/recado/rag/pii"
)

// mask hides who a conversation is with: what the channel and the shop know of them, in
// all ways in which people write it, and what looks like personal data.
type mask struct{ vault *pii.Vault }

// leastName is the shortest part of a name that is hidden by itself: shorter ones are
// words, too.
const leastName = 3

func maskOf(p gateway.Past) mask {
	m := mask{pii.NewVault(nil)}
	m.person(p.Contact, p.Name)
	for _, e := range p.Heard {
		m.person(e.From, e.Name)
	}
	for _, r := range p.Turns {
		for _, o := range r.Orders.Orders {
			m.vault.Hide(pii.Address, o.Address)
			m.vault.Hide(pii.URL, o.TrackingURL)
			m.vault.Hide(pii.URL, o.InvoiceURL)
			m.vault.Hide(pii.URL, o.ProofURL)
		}
	}
	return m
}

func (m mask) person(id gateway.Identity, name string) {
	m.vault.Hide(pii.ID, id.UserID)
	for _, cut := range []int{0, 2, 3, 4} {
		// A number is written with and without its country's code, which has one to three
		// digits; Mexico's and Argentina's mobiles have one digit more.
		if len(id.Phone)-cut >= 7 {
			m.vault.Hide(pii.Phone, id.Phone[cut:])
			m.vault.Hide(pii.Phone, "+"+id.Phone[cut:])
		}
	}
	words := strings.FieldsFunc(name, func(r rune) bool { return !unicode.IsLetter(r) && r != '-' && r != '\'' })
	for _, word := range append(words, strings.TrimSpace(name)) {
		if utf8.RuneCountInString(word) < leastName {
			continue
		}
		for _, one := range []string{word, strings.ToLower(word), strings.ToUpper(word), cases.Title(language.Und).String(word)} {
			m.vault.Hide(pii.Name, one)
		}
	}
}

// longest is how much of a text a report shows, in characters.
const longest = 600

func (m mask) text(text string) string {
	masked := []rune(m.vault.Mask(strings.TrimSpace(text)))
	if len(masked) > longest {
		return string(masked[:longest]) + "…"
	}
	return string(masked)
}

// short is an id by which a conversation can be found again by whoever has the store, and
// by nobody else.
func short(id string) string {
	sum := sha256.Sum256([]byte("replay " + id))
	return hex.EncodeToString(sum[:4])
}

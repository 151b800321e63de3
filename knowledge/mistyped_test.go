package knowledge_test

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/recado/recado/knowledge"
)

func TestMistyped(t *testing.T) {
	t.Parallel()
	for key, meant := range map[string]string{
		"audiance": "audience", "Audence": "audience", "adience": "audience", "uadience": "audience", "audienzia": "audiencia", "adiance": "audience",
		"publcio": "público", "publico ": "", "púbilco": "público", "markts": "markets", "makret": "market", "merkado": "mercado", "mercaods": "mercados",
		"valid_form": "valid_from", "valid-fro": "valid_from", "validfrom": "valid_from", "valid from": "", "valido_dezde": "válido_desde",
		"validto": "valid_to", "valit_ot": "valid_to", "válidx_hasta": "válido_hasta", "valid_untill": "valid_until", "expire": "expires", "contry": "country", "vigent_hasta": "vigente_hasta", "Válido asta": "válido_hasta",
		// Keys of other programs.
		"public": "", "publish": "", "published": "", "publicado": "", "target": "", "layout": "", "valid": "", "author": "", "audio": "", "marketing": "",
		"audience": "", "tags": "", "": "", "section": "", "market": "", "date": "",
		"county": "", "counter": "", "exports": "", "express": "", "paid": "", "pages": "", "country": "", "expires": "", "audiencia": "", "válida_hasta": "",
	} {
		err := knowledge.Mistyped(key)
		if meant == "" && err != nil || meant != "" && (err == nil || !strings.Contains(err.Error(), "looks like "+meant+";")) {
			t.Errorf("%q: %v, want %q", key, err, meant)
		}
	}
}

// TestMistypedByOne makes each kind of mistake in each key that restricts.
func TestMistypedByOne(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		key := rapid.SampledFrom([]string{"audience", "publico", "markets", "mercados", "valid_from", "valido_desde", "valid_to", "valido_hasta"}).Draw(t, "key")
		at := rapid.IntRange(0, len(key)-2).Draw(t, "at")
		letter := rapid.SampledFrom([]string{"q", "x", "w"}).Draw(t, "letter")
		wrong := rapid.SampledFrom([]string{
			key[:at] + key[at+1:], key[:at] + letter + key[at:], key[:at] + letter + key[at+1:], key[:at] + key[at+1:at+2] + key[at:at+1] + key[at+2:],
		}).Draw(t, "wrong")
		if err := knowledge.Mistyped(wrong); err == nil && wrong != key && wrong != "mercado" {
			t.Fatalf("%q passes", wrong)
		}
	})
}

package whatsapp

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"

	"github.com/recado/recado/gateway"
)

func TestMarks(t *testing.T) {
	t.Parallel()
	for markdown, want := range map[string]string{
		"**Hola**":                             "*Hola*",
		"son **5 días** y **2 horas**":         "son *5 días* y *2 horas*",
		"***ojo***":                            "*_ojo_*",
		"~~10 €~~ 8 €":                         "~10 €~ 8 €",
		"*ya* _así_ ~no~":                      "*ya* _así_ ~no~",
		"2 ** 3 ** 4":                          "2 ** 3 ** 4",
		"**":                                   "**",
		"****":                                 "****",
		"**a\nb**":                             "**a\nb**",
		"# Envíos\ntexto":                      "*Envíos*\ntexto",
		"### **Plazo** ###":                    "*Plazo*",
		"#1 en ventas":                         "#1 en ventas",
		"#W2024117":                            "#W2024117",
		"[cambios](https://t.es/c)":            "cambios: https://t.es/c",
		"[**x**](https://t.es)":                "*x*: https://t.es",
		"[https://t.es](https://t.es)":         "https://t.es",
		"[a@t.es](mailto:a@t.es)":              "a@t.es",
		"[llama](tel:+34600)":                  "llama: +34600",
		"[wiki](https://w.org/A_(b))":          "wiki: https://w.org/A_(b)",
		"[t](<https://t.es> \"título\")":       "t: https://t.es",
		"![foto](https://t.es/f.png)":          "foto: https://t.es/f.png",
		"[política](07-returns.md)":            "política",
		"[x](javascript:alert)":                "x",
		"a [1] y (2)":                          "a [1] y (2)",
		"`**no**` **sí**":                      "`**no**` *sí*",
		"```\n# no\n[a](https://b)\n```\n# sí": "```\n# no\n[a](https://b)\n```\n*sí*",
		"- uno\n* dos\n1. tres":                "- uno\n* dos\n1. tres",
		"> cita":                               "> cita",
		"":                                     "",
	} {
		if got := marks(markdown); got != want {
			t.Errorf("%q became %q, not %q", markdown, got, want)
		}
	}
}

// Whatever a model writes, the text does not grow, stays text and keeps its
// letters and digits outside of links.
func TestAnyMarks(t *testing.T) {
	t.Parallel()
	parts := []string{"**", "*", "~~", "`", "```", "#", "# ", "\n", " ", "[", "](", "https://t.es", ")", "!", "hola", "ñ", "5"}
	rapid.Check(t, func(r *rapid.T) {
		markdown := strings.Join(rapid.SliceOfN(rapid.SampledFrom(parts), 0, 40).Draw(r, "parts"), "")
		got := marks(markdown)
		if len(got) > len(markdown) || !utf8.ValidString(got) {
			r.Fatalf("%q became %q", markdown, got)
		}
		for _, letter := range []string{"ñ", "5", "hola"} {
			if !strings.Contains(markdown, "](") && strings.Count(got, letter) != strings.Count(markdown, letter) {
				r.Fatalf("%q became %q", markdown, got)
			}
		}
	})
}

func TestClip(t *testing.T) {
	t.Parallel()
	fits := strings.Repeat("ñ", gateway.MaxText)
	if clip(fits, gateway.MaxText) != fits {
		t.Error("a text that fits was clipped")
	}
	if got := clip(fits+"x", gateway.MaxText); utf8.RuneCountInString(got) != gateway.MaxText || !strings.HasSuffix(got, "ñ…") {
		t.Errorf("%d characters", utf8.RuneCountInString(got))
	}
	got := clip(strings.Repeat("palabra ", 600), gateway.MaxText)
	if n := utf8.RuneCountInString(got); n > gateway.MaxText || n < gateway.MaxText-20 || !strings.HasSuffix(got, "palabra…") {
		t.Errorf("%d characters, ends in %q", n, got[len(got)-20:])
	}
}

func TestPayload(t *testing.T) {
	t.Parallel()
	phone, user := gateway.Identity{Phone: "34600111222"}, gateway.Identity{UserID: "ES.abc"}
	for name, c := range map[string]struct {
		to         gateway.Identity
		text, want string
	}{
		"phone": {phone, "Hola", `{"messaging_product":"whatsapp","recipient_type":"individual","to":"+34600111222","type":"text",` +
			`"text":{"body":"Hola","preview_url":false},"biz_opaque_callback_data":"o"}`},
		"user id": {user, "Hola", `{"messaging_product":"whatsapp","recipient_type":"individual","recipient":"ES.abc","type":"text",` +
			`"text":{"body":"Hola","preview_url":false},"biz_opaque_callback_data":"o"}`},
		"both": {join(phone, user), "Hola", `{"messaging_product":"whatsapp","recipient_type":"individual","to":"+34600111222","type":"text",` +
			`"text":{"body":"Hola","preview_url":false},"biz_opaque_callback_data":"o"}`},
		"link": {phone, " **Mira** [aquí](https://t.es) ", `{"messaging_product":"whatsapp","recipient_type":"individual","to":"+34600111222","type":"text",` +
			`"text":{"body":"*Mira* aquí: https://t.es","preview_url":true},"biz_opaque_callback_data":"o"}`},
		"nobody":   {gateway.Identity{}, "Hola", ""},
		"no words": {phone, " \n", ""},
	} {
		got, err := payload(&gateway.Outgoing{ID: "o", To: c.to, Text: c.text})
		if string(got) != c.want || (err != nil) != (c.want == "") {
			t.Errorf("%s: %s %v", name, got, err)
		}
	}
}

// Every text gives a body that the channel takes.
func TestAnyPayload(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(r *rapid.T) {
		words := rapid.StringN(0, 5000, -1).Draw(r, "text") + string(rapid.SliceOfN(rapid.Byte(), 0, 5).Draw(r, "bytes"))
		raw, err := payload(&gateway.Outgoing{ID: "o", To: gateway.Identity{Phone: "1"}, Text: words})
		if err != nil {
			if strings.TrimSpace(marks(words)) != "" {
				r.Fatal(err)
			}
			return
		}
		var got request
		if err := json.Unmarshal(raw, &got); err != nil {
			r.Fatal(err)
		}
		if n := utf8.RuneCountInString(got.Text.Body); n == 0 || n > gateway.MaxText {
			r.Fatalf("%d characters", n)
		}
	})
}

package pii_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/recado/recado/rag/pii"
)

// found writes what Find finds as "KIND text", a line for each.
func found(text string) string {
	var lines []string
	for _, s := range pii.Find(text) {
		lines = append(lines, string(s.Kind)+" "+s.Text)
	}
	return strings.Join(lines, "\n")
}

func TestFind(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		// Cards: right by Luhn and of an issuer.
		"mi tarjeta es la 4111 1111 1111 1111, ¿vale?": "CARD 4111 1111 1111 1111",
		"card 5500-0055-5555-5559":                     "CARD 5500-0055-5555-5559",
		"amex 371449635398431":                         "CARD 371449635398431",
		"4111 1111 1111 1112":                          "",
		// Secrets and codes, in the words of whoever has them in front of them.
		"el código del banco es 884422":                      "CODE 884422",
		"el codigo que me ha llegado por sms es 123456":      "CODE 123456",
		"the code from the text message is 123456":           "CODE 123456",
		"el código que me acaba de llegar al correo: 771204": "CODE 771204",
		"pw: abc12345":                      "SECRET abc12345",
		"clave Perro1234 usuario marta":     "SECRET Perro1234",
		"password hunter2x, user bob":       "SECRET hunter2x",
		"el código del producto es 123456":  "",
		"el código de descuento es 123456":  "",
		"the code of the article is 123456": "",
		"Calle Luna 3, 2.º B, 28013 Madrid": "ADDRESS Calle Luna 3, 2.º B\nPOSTCODE 28013",
		"Calle Luna 3, 4.ª dcha.":           "ADDRESS Calle Luna 3, 4.ª dcha.",
		// An address ends where the next sentence begins.
		"I live at 221B Baker Street, London NW1 6XE. Where's my order?": "ADDRESS 221B Baker Street\nADDRESS , London \nPOSTCODE NW1 6XE",
		// Accounts.
		"devolvedlo al ES91 2100 0418 4502 0005 1332 gracias": "IBAN ES91 2100 0418 4502 0005 1332",
		"gb82west12345698765432":                              "IBAN gb82west12345698765432",
		"ES91 2100 0418 4502 0005 1333":                       "",
		// Identity.
		"DNI 12345678Z":                         "ID 12345678Z",
		"soy 12.345.678-Z":                      "ID 12.345.678-Z",
		"12345678A":                             "",
		"mi NIE es X1234567L":                   "ID X1234567L",
		"my SSN is 536-90-4399":                 "ID 536-90-4399",
		"000-12-3456":                           "PHONE 000-12-3456",
		"pasaporte nº AAB123456":                "ID AAB123456",
		"CURP: GOMC850101HDFRRL09":              "ID GOMC850101HDFRRL09",
		"número de seguridad social: 281234567": "ID 281234567",
		// Telephones.
		"llámame al 612 34 56 78":              "PHONE 612 34 56 78",
		"mi número: 612345678":                 "PHONE 612345678",
		"+34 912-345-678":                      "PHONE +34 912-345-678",
		"call me at (555) 123-4567 x89":        "PHONE (555) 123-4567 x89",
		"WhatsApp: 55 1234 5678":               "PHONE 55 1234 5678",
		"¿dónde está mi pedido 612345678?":     "",
		"order number 201 555 0123":            "",
		"tracking #0034912345678":              "",
		"cuesta 1.234.567 €":                   "",
		"from 2019 - 2024":                     "",
		"pedido W2024117, talla 42, 2 sábanas": "",
		// Mail, pages, machines.
		"escríbeme a Ana.Lopez+web@correo.example.es.": "EMAIL Ana.Lopez+web@correo.example.es",
		"see https://example.com/a?b=c, please":        "URL https://example.com/a?b=c",
		"from 192.168.1.20 or 2001:db8::ff00:42:8329":  "IP 192.168.1.20\nIP 2001:db8::ff00:42:8329",
		"version 300.1.2.3 at 10:20:30":                "",
		// Addresses.
		"envíalo a Calle Mayor 12, 3º B":                 "ADDRESS Calle Mayor 12, 3º B",
		"C/ Ramón y Cajal, s/n":                          "ADDRESS C/ Ramón y Cajal, s/n",
		"avda. de la paz, 4":                             "ADDRESS avda. de la paz, 4",
		"I live at 221B Baker Street":                    "ADDRESS 221B Baker Street",
		"P.O. Box 123":                                   "ADDRESS P.O. Box 123",
		"3 weeks in a row, 2 lamps on the way":           "",
		"vivo en Madrid":                                 "",
		"28006 Madrid":                                   "POSTCODE 28006",
		"código postal: 08025":                           "POSTCODE 08025",
		"SW1A 1AA":                                       "POSTCODE SW1A 1AA",
		"mi pedido 28006 Madrid":                         "",
		"me colocaron la placa 8 días y por 3 ocasiones": "",
		// Names, only where something says so.
		"Nombre: María del Carmen López":      "NAME María del Carmen López",
		"me llamo ana":                        "NAME ana",
		"my name is John Smith and I":         "NAME John Smith",
		"my name is wrong on the label":       "",
		"Sra. García":                         "NAME García",
		"a nombre de Luis Pérez":              "NAME Luis Pérez",
		"¿Tenéis la lámpara Luna en Córdoba?": "",
		// Secrets and codes.
		"mi contraseña es hunter2!":        "SECRET hunter2!",
		"password: S3creta#1":              "SECRET S3creta#1",
		"my password is wrong":             "",
		"he olvidado la contraseña":        "",
		"CVV 123":                          "SECRET 123",
		"el código es 482913":              "CODE 482913",
		"482913 is your verification code": "CODE 482913",
		"the code I got is 482 913":        "CODE 482 913",
		"code SUMMER":                      "",
		// Dates.
		"nací el 3 de mayo de 1980":           "BIRTH 3 de mayo de 1980",
		"date of birth: 1980-05-03":           "BIRTH 1980-05-03",
		"llega el 12/11/2026":                 "DATE 12/11/2026",
		"45/45/2026":                          "",
		"[[CARD_1]] and [[PHONE_2]]":          "",
		"password: [[SECRET_1]], ana@a.es":    "EMAIL ana@a.es",
		"":                                    "",
		"\xff\xfe 612345678 \xff":             "PHONE 612345678",
		"mi dirección es: Rosal 3. Un saludo": "ADDRESS Rosal 3",
	} {
		finds(t, text, want)
	}
}

func finds(t *testing.T, text, want string) {
	t.Helper()
	if diff := cmp.Diff(want, found(text)); diff != "" {
		t.Errorf("%q (-want +got):\n%s", text, diff)
	}
}

// TestFindInWhatIsAround puts checked values among words and finds each.
func TestFindInWhatIsAround(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		card := luhn(rapid.StringMatching(`4[0-9]{14}`).Draw(t, "card"))
		before := rapid.StringMatching(`[a-zñ ,.!]{0,20}`).Draw(t, "before")
		after := rapid.StringMatching(`[a-zñ,.!]{0,20}`).Draw(t, "after")
		if got := found(before + " " + card + " " + after); !strings.Contains(got, "CARD "+card) {
			t.Fatalf("of a card is found %q", got)
		}
		wrong := card[:15] + string('0'+(card[15]-'0'+1)%10)
		if got := found(before + " " + wrong + " " + after); strings.Contains(got, "CARD") {
			t.Fatalf("a wrong number is a card: %q", got)
		}
	})
}

// luhn adds the digit that makes fifteen digits a card.
func luhn(head string) string {
	sum := 0
	for i, c := range head {
		d := int(c - '0')
		if i%2 == 0 {
			d *= 2
		}
		sum += d/10 + d%10
	}
	return head + string(rune('0'+(10-sum%10)%10))
}

func FuzzFind(f *testing.F) {
	f.Add("me llamo Ana, 612 345 678, ES91 2100 0418 4502 0005 1332 \xff[[CARD_1]]")
	f.Fuzz(func(t *testing.T, text string) {
		end := 0
		for _, s := range pii.Find(text) {
			if s.Start < end || s.End <= s.Start || s.End > len(text) || text[s.Start:s.End] != s.Text {
				t.Fatalf("span %d to %d after %d of %d bytes", s.Start, s.End, end, len(text))
			}
			end = s.End
		}
	})
}

func BenchmarkMask(b *testing.B) {
	text := strings.Repeat("Hola, ¿cuándo llega mi pedido 4117? Vivo en la calle Mayor 12 y mi móvil es el 612 345 678. ", 4)
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		pii.NewVault(nil).Mask(text)
	}
}

// BenchmarkMaskMessage masks what customers usually write.
func BenchmarkMaskMessage(b *testing.B) {
	for name, text := range map[string]string{
		"question":  "Hola, buenas tardes. ¿Cuántos días tengo para devolver unas sábanas que no me han gustado?",
		"order":     "Hola, ¿dónde está mi pedido W2024117? Lo compré hace 2 semanas y aún no ha llegado",
		"english":   "Hi! My order W2024117 was due on 3 May and I got nothing yet. Can I get my 219.90 € back?",
		"telephone": "Llámame al 612 34 56 78 por favor, que el paquete no llega a Calle Mayor 12, 3º B",
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				pii.NewVault(nil).Mask(text)
			}
		})
	}
}

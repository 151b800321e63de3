package pii_test

import "testing"

// What is dictated, spelled out or set with other marks is the same number or address.
func TestFindDictated(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		// Figure by figure, in pairs, mixed, with marks and words between.
		"el número es cuatro cinco tres nueve uno cuatro ocho ocho cero tres cuatro tres seis cuatro seis siete": "CARD cuatro cinco tres nueve uno cuatro ocho ocho cero tres cuatro tres seis cuatro seis siete",
		"Cuarenta y cinco, treinta y nueve, catorce, ochenta y ocho, cero tres, cuarenta y tres, sesenta y cuatro, sesenta y siete. Gracias": "CARD Cuarenta y cinco, treinta y nueve, catorce, ochenta y ocho, " +
			"cero tres, cuarenta y tres, sesenta y cuatro, sesenta y siete",
		"it's forty-five thirty-nine fourteen eighty-eight oh three forty-three sixty-four sixty-seven":          "CARD forty-five thirty-nine fourteen eighty-eight oh three forty-three sixty-four sixty-seven",
		"four five three nine one four double eight zero three four three six four six seven":                    "CARD four five three nine one four double eight zero three four three six four six seven",
		"cinco cuatro dos cinco luego dos tres tres cuatro luego tres cero uno cero y luego nueve":               "",
		"cinco cuatro dos cinco luego dos tres tres cuatro luego tres cero uno cero luego nueve nueve cero tres": "CARD cinco cuatro dos cinco luego dos tres tres cuatro luego tres cero uno cero luego nueve nueve cero tres",
		"4539 1488 cero tres cuatro tres 6467 esa es":                                                            "CARD 4539 1488 cero tres cuatro tres 6467",
		"cuatro cinco tres nueve uno cuatro ocho ocho cero tres cuatro tres seis cuatro seis ocho":               "", // no card
		"mi móvil es el seiscientos doce, treinta y cuatro, cincuenta y seis, setenta y ocho":                    "PHONE seiscientos doce, treinta y cuatro, cincuenta y seis, setenta y ocho",
		"oh seven seven double oh nine hundred one two three":                                                    "PHONE oh seven seven double oh nine hundred one two three",
		"seis uno dos tres cuatro cinco seis siete ocho":                                                         "PHONE seis uno dos tres cuatro cinco seis siete ocho",
		"el 6 1 2 3 4 5 6 7 8":                                           "PHONE 6 1 2 3 4 5 6 7 8",
		"el cvv es uno dos tres":                                         "SECRET uno dos tres",
		"the code is four eight two nine one three":                      "CODE four eight two nine one three",
		"mi pedido es el seis uno dos tres cuatro cinco seis siete ocho": "",
		"uno dos tres probando":                                          "",
		"Dos cajas de doce y una de veinticuatro":                        "",
		"llevo cuarenta y cinco minutos y dos o tres llamadas":           "",
		"cuatro mil quinientos treinta y nueve, mil cuatrocientos ochenta y ocho, cero trescientos cuarenta y tres, seis mil cuatrocientos sesenta y siete": "CARD cuatro mil quinientos " +
			"treinta y nueve, mil cuatrocientos ochenta y ocho, cero trescientos cuarenta y tres, seis mil cuatrocientos sesenta y siete",
		"costó mil doscientos euros y pesa dos mil gramos": "",
		// Figures of other scripts and other marks.
		"es la ５４２５ ２３３４ ３０１０ ９９０３ ya":              "CARD ５４２５ ２３３４ ３０１０ ９９０３",
		"es 𝟝𝟜𝟚𝟝 𝟚𝟛𝟛𝟜 𝟛𝟘𝟙𝟘 𝟡𝟡𝟘𝟛":                    "CARD 𝟝𝟜𝟚𝟝 𝟚𝟛𝟛𝟜 𝟛𝟘𝟙𝟘 𝟡𝟡𝟘𝟛",
		"use 5 5 5 5   5 5 5 5   5 5 5 5   4 4 4 4": "CARD 5 5 5 5   5 5 5 5   5 5 5 5   4 4 4 4",
		"5425, 2334, 3010, 9903":                    "CARD 5425, 2334, 3010, 9903",
		"5425\n2334\n3010\n9903":                    "CARD 5425\n2334\n3010\n9903",
		"4539_1488_0343_6467":                       "CARD 4539_1488_0343_6467",
		"3782/822463/10005":                         "CARD 3782/822463/10005",
		"4539, 1488, 0343, 6468":                    "", // no card
		"de 2019, 2020, 2021 y 2022":                "",
		"ES91.2100.0418.4502.0005.1332":             "IBAN ES91.2100.0418.4502.0005.1332",
		"ES 91 2100 0418 4502 0005 1332 caixa":      "IBAN ES 91 2100 0418 4502 0005 1332",
		"en la cuenta 2100 0418 45 0200051332":      "IBAN 2100 0418 45 0200051332",
		"en la cuenta 2100 0418 46 0200051332":      "",
		"seguimiento 21000418450200051332":          "",
		// Addresses of mail in words.
		"mandadlo a ana.lopez arroba gmail punto com": "EMAIL ana.lopez arroba gmail punto com",
		"ana_lopez(arroba)gmail.com":                  "EMAIL ana_lopez(arroba)gmail.com",
		"it is ana_lopez{at}gmail.com":                "EMAIL ana_lopez{at}gmail.com",
		"write to ana ( at) gmail (dot) com":          "EMAIL ana ( at) gmail (dot) com",
		"pepe [at] example [dot] org":                 "EMAIL pepe [at] example [dot] org",
		"email me at john dot smith at gmail dot com": "EMAIL john dot smith at gmail dot com",
		"it's john.smith at outlook.com":              "EMAIL john.smith at outlook.com",
		"m.garcia @ gmail.com":                        "EMAIL m.garcia @ gmail.com",
		"escríbeme a anaarrobagmail.com":              "EMAIL anaarrobagmail.com",
		"pepe@gmail es mi correo":                     "EMAIL pepe@gmail",
		"pepe@gmail,com":                              "EMAIL pepe@gmail,com",
		"I saw it at amazon.com":                      "",
		"I bought it at your shop dot com":            "",
		// Secrets by where they stand or how they are introduced.
		"los tres números de atrás son 123":                "SECRET 123",
		"the three digits on the back are 982":             "SECRET 982",
		"security code on the back: 982":                   "SECRET 982",
		"my pin's 4821":                                    "SECRET 4821",
		"the password I use is Tr0ub4dor":                  "SECRET Tr0ub4dor",
		"tarjeta, caducidad 12/27 y código 123":            "SECRET 123",
		"CVV: 1 2 3":                                       "SECRET 1 2 3",
		"mi contraseña por si hace falta: Luna1985":        "SECRET Luna1985",
		"me pone 482913 en el mensaje":                     "CODE 482913",
		"me llegó un sms de que el pedido 482913 sale hoy": "",
		"my password's wrong":                              "",
		"I got a text with 482913 in it":                   "CODE 482913",
		"482913 es lo que me pone el sms":                  "CODE 482913",
		"el código que me habéis mandado es 482 913":       "CODE 482 913",
		"código de verificación: 4 8 2 9 1 3":              "CODE 4 8 2 9 1 3",
		"el mensaje dice que el pedido 48213 va tarde":     "",
		"I'm back, 250 euros is too much":                  "",
		"I got a message saying 2500 points expire":        "",
		"me llegó un mensaje con 1500 puntos":              "",
		"el mensaje pone 48213":                            "CODE 48213",
		"the text says 4821, is that it?":                  "CODE 4821",
		// What is flat and no home.
		"is there a flat 5 euro fee?": "",
		"a flat 20% discount":         "",
		"a flat 30 days to return":    "",
		"flat 12 euros for delivery":  "",
		"It's flat 4B, Elm House":     "ADDRESS flat 4B",
		"Flat 12 Elm House":           "ADDRESS Flat 12",
		"it goes to flat 3":           "ADDRESS flat 3",
	} {
		finds(t, text, want)
	}
}

package vary

import (
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"unicode"
)

// everyWord is a bound that no message reaches.
const everyWord = 1 << 20

// lexicon are words and what they become; keys of two or three words go first.
type lexicon map[string]string

// plural are the forms for several people, which only Spain has.
var plural = lexicon{
	"tenéis": "tienen", "podéis": "pueden", "hacéis": "hacen", "enviáis": "envían", "vendéis": "venden", "aceptáis": "aceptan",
	"cobráis": "cobran", "repartís": "reparten", "devolvéis": "devuelven", "dais": "dan", "estáis": "están", "sois": "son",
	"queréis": "quieren", "habéis": "han", "mandáis": "mandan", "entregáis": "entregan", "abrís": "abren", "cerráis": "cierran",
	"ofrecéis": "ofrecen", "guardáis": "guardan", "tardáis": "tardan", "decís": "dicen", "sabéis": "saben", "admitís": "admiten",
	"recogéis": "recogen", "arregláis": "arreglan", "trabajáis": "trabajan", "cambiáis": "cambian", "vais": "van", "podríais": "podrían",
	"igualáis": "igualan", "lleváis": "llevan", "atendéis": "atienden", "usáis": "usan", "necesitáis": "necesitan", "pedís": "piden",
	"vosotros": "ustedes", "vuestro": "su", "vuestra": "su", "vuestros": "sus", "vuestras": "sus", "os": "les",
}

var mexico = lexicon{
	"móvil": "celular", "móviles": "celulares", "ordenador": "computadora", "portátil": "laptop", "nevera": "refrigerador",
	"frigorífico": "refrigerador", "auriculares": "audífonos", "mando": "control", "enchufe": "contacto", "batidora": "licuadora",
	"piso": "departamento", "coche": "carro", "aquí": "acá", "vale": "okey", "dinero": "lana", "coger": "agarrar", "altavoz": "bocina",
	"hervidor": "tetera eléctrica", "zumo": "jugo", "ahora mismo": "ahorita", "por favor": "porfa", "cuánto cuesta": "cuánto sale",
	"código postal": "CP", "cabreado": "enojado", "enfadado": "enojado", "enfadada": "enojada",
}

var argentina = lexicon{
	"tú": "vos", "tienes": "tenés", "puedes": "podés", "quieres": "querés", "sabes": "sabés", "eres": "sos", "dime": "decime",
	"ayúdame": "ayudame", "mira": "mirá", "necesitas": "necesitás", "contigo": "con vos", "dame": "dame", "móvil": "celular",
	"móviles": "celulares", "ordenador": "computadora", "portátil": "notebook", "nevera": "heladera", "frigorífico": "heladera",
	"piso": "departamento", "coche": "auto", "aquí": "acá", "vale": "dale", "dinero": "plata", "coger": "agarrar", "altavoz": "parlante",
	"hervidor": "pava eléctrica", "zumo": "jugo", "por favor": "porfa", "cuánto cuesta": "cuánto sale", "batidora": "licuadora",
	"enfadado": "enojado", "enfadada": "enojada", "mando": "control remoto",
}

var usted = lexicon{
	"tú": "usted", "tienes": "tiene", "puedes": "puede", "quieres": "quiere", "sabes": "sabe", "eres": "es", "dime": "dígame",
	"ayúdame": "ayúdeme", "mira": "mire", "necesitas": "necesita", "contigo": "con usted", "te": "le", "tu": "su", "tus": "sus",
	"dame": "deme", "hola": "buenos días", "podrías": "podría", "pasa": "pase", "pásame": "páseme", "cancélalo": "cancélelo",
	"cámbialo": "cámbielo", "envíame": "envíeme", "mándame": "mándeme", "perdona": "disculpe", "oye": "disculpe",
}

// british are words of the United Kingdom and those of the United States. The other way
// round it takes the first that fits.
var british = [][2]string{
	{"parcel", "package"},
	{"parcels", "packages"},
	{"postcode", "zip code"},
	{"mobile", "cell phone"},
	{"mobiles", "cell phones"},
	{"colour", "color"},
	{"colours", "colors"},
	{"cancelled", "canceled"},
	{"cancelling", "canceling"},
	{"fridge", "refrigerator"},
	{"hoover", "vacuum"},
	{"basket", "cart"},
	{"shop", "store"},
	{"shops", "stores"},
	{"post", "mail"},
	{"posted", "mailed"},
	{"queue", "line"},
	{"cheque", "check"},
	{"telly", "TV"},
	{"flat", "apartment"},
	{"bank holiday", "public holiday"},
	{"till", "register"},
	{"whilst", "while"},
	{"favourite", "favorite"},
	{"grey", "gray"},
	{"catalogue", "catalog"},
	{"dispatch", "ship"},
	{"dispatched", "shipped"},
	{"aluminium", "aluminum"},
	{"centre", "center"},
	{"apologise", "apologize"},
	{"organise", "organize"},
	{"rubbish", "garbage"},
	{"holiday", "vacation"},
	{"cheers", "thanks"},
	{"licence", "license"},
}

var spanish = lexicon{
	"pedido": "order", "pedidos": "orders", "envío": "shipping", "envíos": "shipping", "reembolso": "refund", "reembolsos": "refunds",
	"devolución": "return", "devoluciones": "returns", "paquete": "package", "seguimiento": "tracking", "tarjeta regalo": "gift card",
	"tarjeta de regalo": "gift card", "tarjeta": "card", "factura": "invoice", "garantía": "warranty", "descuento": "discount",
	"entrega": "delivery", "tienda": "store", "correo": "email", "cuenta": "account", "contraseña": "password", "gratis": "free",
	"pago": "payment", "código": "code", "reparación": "repair", "oferta": "sale", "gracias": "thanks", "por favor": "please",
}

var english = lexicon{
	"order": "pedido", "orders": "pedidos", "shipping": "envío", "delivery": "entrega", "refund": "reembolso", "refunds": "reembolsos",
	"return": "devolución", "returns": "devoluciones", "parcel": "paquete", "package": "paquete", "invoice": "factura",
	"warranty": "garantía", "discount": "descuento", "gift card": "tarjeta regalo", "card": "tarjeta", "shop": "tienda", "store": "tienda",
	"password": "contraseña", "account": "cuenta", "free": "gratis", "address": "dirección", "repair": "reparación", "thanks": "gracias",
	"please": "por favor", "hello": "hola", "hi": "hola",
}

// regional are the words of a region, nil for one of another language.
func regional(generator, language string) lexicon {
	words := lexicon{}
	switch language + " " + generator {
	case "es " + Mexico:
		maps.Copy(words, plural)
		maps.Copy(words, mexico)
	case "es " + Argentina:
		maps.Copy(words, plural)
		maps.Copy(words, argentina)
	case "es " + Usted:
		maps.Copy(words, plural)
		maps.Copy(words, usted)
	case "en " + US:
		for _, pair := range british {
			words[pair[0]] = pair[1]
		}
	case "en " + UK:
		for _, pair := range british {
			if words[pair[1]] == "" {
				words[pair[1]] = pair[0]
			}
		}
	}
	return words
}

func switched(language string) lexicon {
	return map[string]lexicon{"es": spanish, "en": english}[language]
}

// longest is how many words a key of a lexicon has at most.
const longest = 3

// match is a place in a text where a word of a lexicon stands: pieces from and to, the
// space between them included.
type match struct {
	from, to int
	with     string
}

// translate puts other words in, at most so many; the seed chooses which.
func translate(message string, words lexicon, most int, random *rand.Rand) string {
	list := pieces.FindAllString(message, -1)
	found := matches(list, words)
	random.Shuffle(len(found), func(i, j int) { found[i], found[j] = found[j], found[i] })
	found = found[:min(len(found), most)]
	for _, m := range found {
		before, first, _ := core(list[m.from])
		_, _, after := core(list[m.to])
		list[m.from] = before + sameCase(first, m.with) + after
		for i := m.from + 1; i <= m.to; i++ {
			list[i] = ""
		}
	}
	return strings.Join(list, "")
}

func matches(list []string, words lexicon) []match {
	var found []match
	for i := 0; i < len(list); i++ {
		for n := longest; n > 0; n-- {
			to := i + 2*(n-1)
			if to >= len(list) || slices.ContainsFunc(list[i:to+1], kept) {
				continue
			}
			if with := words[phrase(list[i:to+1])]; with != "" {
				found = append(found, match{from: i, to: to, with: with})
				i = to
				break
			}
		}
	}
	return found
}

// phrase is how a lexicon has the words of some pieces; empty where something other than
// space is between them.
func phrase(list []string) string {
	var words []string
	for i, piece := range list {
		before, word, after := core(piece)
		if i%2 == 1 {
			continue
		}
		if word == "" || i > 0 && before != "" || i < len(list)-1 && after != "" {
			return ""
		}
		words = append(words, strings.ToLower(word))
	}
	return strings.Join(words, " ")
}

// sameCase begins a word with a capital where the one before it did.
func sameCase(old, fresh string) string {
	first := []rune(old)[0]
	if !unicode.IsUpper(first) {
		return fresh
	}
	letters := []rune(fresh)
	letters[0] = unicode.ToUpper(letters[0])
	return string(letters)
}

package offline

import (
	"regexp"
	"slices"
	"strings"
	"unicode"

	"github.com/recado/recado/knowledge"
)

// concepts says which word stems mean the same in a shop, across the two
// languages, and which are so common in one that they say little.
type concepts struct {
	byStem map[string]string
	weight map[string]float64
	common map[string]bool
	// plain is the plainest word of each concept by language.
	plain map[string]map[string]string
}

// of returns the concept of a stem.
func (c concepts) of(stem string) (string, bool) {
	concept, ok := c.byStem[stem]
	return concept, ok
}

func newConcepts() concepts {
	c := concepts{byStem: map[string]string{}, weight: map[string]float64{}, common: map[string]bool{}}
	c.plain = map[string]map[string]string{"es": {}, "en": {}}
	for _, row := range conceptWords {
		c.weight["="+row.name] = row.weight
		c.plain["es"][row.name], _, _ = strings.Cut(row.es, " ")
		c.plain["en"][row.name], _, _ = strings.Cut(row.en, " ")
		for _, stem := range knowledge.Tokens("es", row.es) {
			c.byStem[stem] = row.name
		}
		for _, stem := range knowledge.Tokens("en", row.en) {
			c.byStem[stem] = row.name
		}
	}
	for _, stem := range append(knowledge.Tokens("es", commonES), knowledge.Tokens("en", commonEN)...) {
		c.common[stem] = true
	}
	return c
}

// plainest gives the plainest word of each concept in the text, in its order,
// without the words that stand there already.
func (c concepts) plainest(locale, text string) []string {
	tokens := knowledge.Tokens(locale, text)
	var words []string
	for _, stem := range tokens {
		concept, ok := strings.CutPrefix(c.featureIn(stem, text), "=")
		if !ok {
			continue
		}
		word := c.plain[knowledge.Language(locale)][concept]
		already := slices.ContainsFunc(knowledge.Tokens(locale, word), func(s string) bool { return slices.Contains(tokens, s) })
		if word != "" && !already && !slices.Contains(words, word) {
			words = append(words, word)
		}
	}
	return words
}

// The weights of a word when it is compared: words that stand in every question
// say little, concepts are what a shop is asked about, and a word that is neither
// is what a question is about in particular. All are multiples of 1/4, so that
// sums of them are exact, whatever the order they are added in.
const (
	faintWeight   = 0.25
	thingWeight   = 0.5
	generalWeight = 0.75
	usualWeight   = 1.0
	rareWeight    = 1.25
	placeWeight   = 2.0
	// unheardWeight is that of a word which no passage holds: the question is
	// about something that the documents may not speak of.
	unheardWeight = 2.25
)

// places are the stems of the places in a text.
func (c concepts) places(locale, text string) []string {
	var found []string
	for _, stem := range knowledge.Tokens(locale, text) {
		if c.weight[c.feature(stem)] == placeWeight {
			found = append(found, stem)
		}
	}
	return found
}

// feature is what a stem is compared by: its concept, or itself. The endings of "vendéis"
// and "prestáis" are no endings to the stemmer without their accents.
func (c concepts) feature(stem string) string {
	if concept, ok := c.byStem[stem]; ok {
		return "=" + concept
	}
	for _, ending := range []string{"ais", "eis"} {
		if base, ok := strings.CutSuffix(stem, ending); ok && len(base) >= leastVerb {
			if concept, ok := c.byStem[base]; ok {
				return "=" + concept
			}
			return base
		}
	}
	return stem
}

// isLate matches the word for late, which has the stem of "tarda", "it takes".
var isLate = regexp.MustCompile(`(?i)\btarde\b`)

// isTwice matches twice in a figure.
var isTwice = regexp.MustCompile(`(?i)\b2 (?:veces|times)\b`)

// isHeavy matches what weighs more than something, which is what rules for bulky things say.
var isHeavy = regexp.MustCompile(`(?i)\b(?:m[aá]s de|over|above|more than|heavier than) \d+ ?kg\b`)

// featureIn is the feature of a stem in a text.
func (c concepts) featureIn(stem, text string) string {
	switch {
	case stem == "2" && isTwice.MatchString(text):
		return "=twice"
	case stem == "kg" && isHeavy.MatchString(text):
		return "=bulky"
	}
	if stem == "tard" && !isLate.MatchString(text) {
		return "=time"
	}
	return c.feature(stem)
}

// leastVerb is how long the stem of a verb is from which an ending is taken.
const leastVerb = 4

// abroad gives the feature of a stem that is a word of the other language: "cuánto cuesta
// el shipping".
func (c concepts) abroad(stem string) (feature string, ok bool) {
	for _, locale := range []string{"es", "en"} {
		for _, other := range knowledge.Tokens(locale, stem) {
			if concept, ok := c.byStem[other]; ok {
				return "=" + concept, true
			}
		}
	}
	return "", false
}

// features are the features of a text with the weight of each.
func (c concepts) features(locale, text string) map[string]float64 {
	set := map[string]float64{}
	for _, stem := range knowledge.Tokens(locale, text) {
		f := c.featureIn(stem, text)
		switch {
		case c.common[stem] || strings.IndexFunc(stem, unicode.IsDigit) >= 0 && !modelName.MatchString(stem):
			// A number of the customer's stands in no document.
			set[f] = max(set[f], faintWeight)
		case c.weight[f] > 0:
			set[f] = c.weight[f]
		default:
			set[f] = rareWeight
		}
	}
	return set
}

// modelName matches what names a thing by letters and a figure, as "ps5" does. Units stand
// behind their figure, and order numbers are longer.
var modelName = regexp.MustCompile(`^[a-z]{2,}\d{1,3}[a-z]*$`)

// commonES and commonEN are words that stand in questions about everything.
const (
	commonES = `pedido pedidos pido pedir hacer hago hace haceis hacen poder puedo puede pueden podeis podria quiero querer quisiera queria necesito
		necesitar saber decir dime favor porfa hola buenas buenos gracias producto productos articulo articulos cosa cosas tienda comprar compra
		comprado compre compro tener tengo tienen teneis hay dar nogal ayuda problema soy vivo vivir ahora acabar acabo mismo misma nuevo nueva vez
		veces rato todo toda todos nada vuestra vuestro mio mia aun despues luego cual poco tener nombre normal dejar dejan gustar haber q x d raro opcion cuantos cuantas habeis dais vais pongo modo app aplicacion pantalla hoy
		ciudad ciudades amable amables indicar indicarme indicas decirme sabes sabes vos che oigan oid mano echar echan echais mientras considerar considera significar significa sacar solo tras si no euro euros vosotros sois ustedes parte traer viene venir vino ir llevar lleva encontrar encuentra ver visto web pasar pasa`
	commonEN = `order orders get got getting want need know tell please hello hi hey thanks thank product products item items thing things something
		anything shop store buy bought purchase make made give like nogal help problem one now new also much many take say says go going come came mean
		live im ive theres whats dont wont cant pls u not only part where some any ever always found find see use used let put still again possible
		happen happens bring same other another out yet already name back mode site wasnt here door screen app today together policy policies count counts consider considered city cities town towns reckon officially
		euro euros doesn didn isn aren wasn weren hasn haven hadn won couldn wouldn shouldn don ain t ve ll re m s`
)

// conceptWords lists the words of each concept. A word stands in one concept
// only; the last one wins.
var conceptWords = []struct {
	name   string
	weight float64
	es, en string
}{
	{"refund", usualWeight, `reembolso reembolsar reembolsado dinero abono abonar devuelven devolveis`, `refund refunded reimburse reimbursement money`},
	{"return", usualWeight, `devolver devolucion devuelvo devuelto retorno desistimiento`, `return returned returning withdrawal sent`},
	{"exchange", usualWeight, `cambios`, `exchange exchanged swap replace replacement`},
	{"change", generalWeight, `cambiar cambio cambiais modificar modificacion corregir elegir`, `change modify edit amend correct choose`},
	{"colour", usualWeight, `color colores tamano talla capacidad variante`, `colour color size capacity variant`},
	{"cancel", usualWeight, `cancelar cancelacion anular anulacion cancelo anulo cancelarlo`, `cancel cancellation cancelled`},
	{"time", generalWeight, `tardar tarda tardan tardais plazo plazos tiempo demora dura duran duracion dia dias llegaria`, `long time day days period deadline last duration soon`},
	{"shipping", generalWeight, `envio envios enviar enviais envian portes mandar mandais mando gastos`, `shipping ship shipped shipment postage dispatch send sending`},
	{"deliver", generalWeight, `entrega entregar entregado entregan llegar llega llegara llegado llego recibir recibirlo recibido repartir reparto repartis reparten`, `delivery deliver delivered arrive arrives arrived arrival receive received`},
	{"carrier", usualWeight, `transportista repartidor mensajero cartero mensajeria transporte`, `carrier courier driver postman deliverer`},
	{"parcel", usualWeight, `paquete paquetes caja bulto embalaje`, `parcel parcels package box packaging`},
	{"express", usualWeight, `expres urgente rapido express`, `express urgent fast fastest`},
	{"free", generalWeight, `gratis gratuito gratuita coste`, `free`},
	{"late", usualWeight, `retraso retrasado retrasos retrasa tarde`, `late delay delayed delays`},
	{"lost", usualWeight, `perdido perdida perder extraviado extravio desaparecido pierde`, `lost disappeared loses`},
	{"missing", usualWeight, `faltar falta faltan incompleto`, `missing incomplete`},
	{"damaged", usualWeight, `roto rota rompio romper danado danada dano golpeado estropeado rotura danos`, `broken broke damaged damage cracked smashed`},
	{"defect", usualWeight, `defectuoso averiado averia defecto fallo falla funciona funcionar enciende encender estrenarlo estrenar`, `defective faulty defect fault work works worked working fails switch turn`},
	{"wrong", usualWeight, `equivocado equivocada equivocar erroneo incorrecto distinto distintos equivocaron`, `wrong incorrect different mistaken mistake`},
	{"drop", usualWeight, `golpe golpes caida caidas caido liquidos cubre cubrir incluye`, `knock knocks drop drops dropped liquids cover covered covers`},
	{"address", usualWeight, `direccion direcciones domicilio calle mudado mudar mudanza`, `address addresses street moved house`},
	{"country", usualWeight, `pais paises extranjero internacional internacionales`, `country countries abroad international internationally overseas`},
	{"pay", generalWeight, `pagar pago pagos pague pagado cobro cobrar cobran cobrado cobrais medio metodo metodos`, `pay paid payment payments paying charge charged method methods`},
	{"cod", usualWeight, `contra contrarreembolso contrarembolso`, ``},
	{"cash", usualWeight, `efectivo`, `cash`},
	{"transfer", usualWeight, `transferencia transferir`, `transfer`},
	{"card", generalWeight, `tarjeta tarjetas`, `card cards`},
	{"instalments", usualWeight, `plazos cuotas fraccionar financiar financiacion fraccionado`, `instalments installments financing monthly instalment`},
	{"crypto", usualWeight, `criptomoneda criptomonedas cripto bitcoin bitcoins ethereum`, `cryptocurrency cryptocurrencies crypto bitcoin bitcoins ethereum`},
	{"interest", usualWeight, `interes intereses tae`, `interest apr`},
	{"minimum", usualWeight, `importe minimo limite maximo hasta partir`, `minimum amount limit maximum spend most least`},
	{"declined", usualWeight, `rechazar rechazado rechazada rechaza fallido denegado denegada`, `declined rejected failed decline`},
	{"twice", usualWeight, `doble dos duplicado`, `twice double two second duplicate`},
	{"second", usualWeight, `segundo segunda`, ``},
	{"difference", usualWeight, `diferencia caro cara`, `difference expensive dearer`},
	{"invoice", usualWeight, `factura facturas ticket tique tiquet recibo`, `invoice invoices bill receipt`},
	{"vat", usualWeight, `iva impuesto impuestos`, `vat tax taxes`},
	{"download", usualWeight, `descargar descargo pdf bajar`, `download pdf`},
	{"gift", usualWeight, `regalo regalos regalar`, `gift gifts present presents`},
	{"christmas", usualWeight, `navidad reyes navidades`, `christmas xmas`},
	{"promo", usualWeight, `cupon cupones codigo codigos descuento descuentos promocion promociones promocional oferta`, `coupon coupons code codes discount discounts promo promotion promotional voucher`},
	{"expire", usualWeight, `caducar caduca caducidad valido valida vence`, `expire expires expiry valid`},
	{"tomorrow", usualWeight, `manana siguiente`, `tomorrow next`},
	{"first", generalWeight, `primero primer primera primeros`, `first`},
	{"warranty", usualWeight, `garantia garantias`, `warranty guarantee guaranteed`},
	{"refurbished", usualWeight, `reacondicionado reacondicionados reacondicionada`, `refurbished renewed`},
	{"repair", usualWeight, `reparar reparacion reparaciones arreglar arreglo`, `repair repairs repaired fix`},
	{"quote", usualWeight, `presupuesto`, `quote estimate`},
	{"backup", usualWeight, `antes`, `before`},
	{"privacy", usualWeight, `datos privacidad rgpd informacion personal`, `data privacy gdpr information personal`},
	{"keep", generalWeight, `guardar guardan guardais guarda guardamos conservar espera`, `keep keeps kept store waits wait hold`},
	{"chat", usualWeight, `chat conversacion conversaciones mensajes`, `chat conversation conversations messages`},
	{"delete", usualWeight, `borrar borra borro eliminar suprimir supresion`, `delete erase remove deleted`},
	{"password", usualWeight, `contrasena clave olvidado caracteres`, `password forgot forgotten characters`},
	{"account", usualWeight, `cuenta sesion acceder entrar`, `account login log sign`},
	{"approve", usualWeight, `aprobar aprobamos aprueban`, `approve approved`},
	{"adverts", usualWeight, `publicidad boletin anuncios propaganda`, `adverts advertising marketing newsletter ads`},
	{"stop", usualWeight, `baja dejar parar`, `stop unsubscribe`},
	{"phishing", usualWeight, `falso sospechoso phishing sms fraude trampa`, `fake suspicious phishing text sms weird`},
	{"link", usualWeight, `enlace enlaces link url`, `link links`},
	{"email", usualWeight, `correo email mail electronico`, `email e mail emailed mail`},
	{"ask", generalWeight, `pide piden pediremos`, `ask asks asking asked`},
	{"movement", generalWeight, `movimiento movimientos mostrar muestra actualizar actualiza actualizarse actualizado`, `movement movements show shows update updates updated`},
	{"reset", usualWeight, `restablecer restablezco restablece resetear reseteo reiniciar reinicio reset`, `reset restart`},
	{"connect", usualWeight, `conectar conecta agarra agarrar pilla conexion emparejar emparejo emparejamiento anadir encuentra bluetooth`, `connect connects pair pairing`},
	{"wifi", usualWeight, `wifi wi-fi red redes`, `wifi network networks`},
	{"robot", usualWeight, `robot aspirador aspiradora`, `vacuum robot hoover`},
	{"headphones", usualWeight, `auricular auriculares cascos audifono audifonos`, `headphones earphones buds earbuds`},
	{"inear", usualWeight, `intraurales boton`, `ear`},
	{"opened", usualWeight, `abrir abierto abiertos abri activados precinto`, `opened open seal unsealed activated`},
	{"game", usualWeight, `juego juegos software videojuego`, `game games software`},
	{"bulb", usualWeight, `bombilla bombillas`, `bulb bulbs`},
	{"washer", usualWeight, `lavadora lavadoras lavarropas`, `washing machine`},
	{"fridge", usualWeight, `frigorifico frigorificos nevera frigo heladera refrigerador`, `fridge refrigerator`},
	{"bulky", usualWeight, `voluminoso voluminosos grande`, `bulky large`},
	{"upstairs", usualWeight, `subir suben sube habitacion portal`, `upstairs room carry`},
	{"phone", thingWeight, `movil moviles telefono celular`, `phone phones mobile smartphone`},
	{"tablet", thingWeight, `tablet tableta tabletas`, `tablet`},
	{"tv", thingWeight, `tele televisor television`, `tv television telly`},
	{"speaker", thingWeight, `altavoz altavoces`, `speaker`},
	{"coffee", thingWeight, `cafetera cafeteras`, `coffee`},
	{"lamp", thingWeight, `lampara lamparas`, `lamp`},
	{"kettle", thingWeight, `hervidor`, `kettle`},
	{"fan", thingWeight, `ventilador`, `fan`},
	{"purifier", thingWeight, `purificador`, `purifier`},
	{"keyboard", thingWeight, `teclado`, `keyboard`},
	{"pan", thingWeight, `sarten`, `pan frying`},
	{"plug", usualWeight, `enchufe enchufes adaptador`, `plug socket adapter`},
	{"recycle", usualWeight, `reciclar reciclaje retirar retirada viejo vieja viejos antiguo antiguos llevais`, `recycle recycling disposal old`},
	{"battery", usualWeight, `pila pilas bateria baterias`, `battery batteries`},
	{"business", usualWeight, `empresa empresas autonomo autonomos profesional volumen varios`, `business company companies professional volume lot bulk`},
	{"pickup", usualWeight, `recoger recogida recojo recogeis recojais recojan recoja`, `pickup pick collect collection collected`},
	{"point", usualWeight, `punto puntos`, `point points`},
	{"safeplace", usualWeight, `garaje porteria lugar vecino vecinos`, `garage safe neighbour neighbours concierge`},
	{"someone", generalWeight, `persona otra padre hermano hermana alguien amigo amiga pareja marido mujer`, `person someone mum mom dad brother sister friend husband wife`},
	{"identity", usualWeight, `identidad dni documento`, `identity id document`},
	{"home", usualWeight, `casa ausente`, `home away flat`},
	{"attempt", generalWeight, `intento intentos intentarlo vuelve volver`, `attempt attempts try`},
	{"price", generalWeight, `precio precios costar cuesta cuestan vale valen`, `price prices cost costs`},
	{"cheaper", usualWeight, `barato rebajado rebaja igualar igualais igualamos igualacion`, `cheaper match matching`},
	{"holiday", usualWeight, `sabado sabados domingo domingos festivo festivos fin`, `saturday saturdays sunday sundays holiday weekend weekends`},
	{"customs", usualWeight, `aduana aduanas arancel aranceles`, `customs duties duty import`},
	{"track", usualWeight, `seguimiento rastrear localizar rastreo`, `track tracking trace`},
	{"slot", generalWeight, `franja hora horas`, `slot hour hours`},
	{"hours", usualWeight, `horario horarios abierto abre abris abren apertura`, `open opening`},
	{"status", generalWeight, `estado retenido reparto preparacion`, `status hold`},
	{"contact", generalWeight, `contactar llamar contacto atencion cliente`, `contact call customer service`},
	{"answer", generalWeight, `contestar contestais responder respuesta respondeis respondemos`, `answer reply respond`},
	{"complaint", usualWeight, `reclamacion reclamar queja reclamaciones`, `complaint complain claim complaints`},
	{"check", generalWeight, `revisar revisamos comprobar revision`, `check checked inspect`},
	{"canary", placeWeight, `canarias tenerife palmas lanzarote fuerteventura gomera hierro canaria`, `canary tenerife lanzarote fuerteventura palmas canaria canaries`},
	{"balearic", placeWeight, `baleares mallorca menorca ibiza formentera`, `balearic mallorca majorca menorca ibiza formentera`},
	{"ceuta", placeWeight, `ceuta melilla`, `ceuta melilla`},
	{"mainland", placeWeight, `peninsula peninsular madrid barcelona valencia sevilla zaragoza malaga murcia bilbao alicante cordoba valladolid vigo gijon granada
		vitoria coruna oviedo pamplona almeria burgos santander salamanca albacete logrono badajoz huelva leon lleida tarragona cadiz jaen ourense girona
		caceres toledo guadalajara cuenca segovia avila soria teruel huesca zamora palencia`, `mainland peninsula madrid barcelona valencia seville zaragoza malaga bilbao granada`},
	{"uk", placeWeight, `reino unido inglaterra londres escocia gales britanico britanica`, `kingdom uk england london scotland wales british britain`},
	{"portugal", placeWeight, `portugal lisboa oporto porto`, `portugal lisbon porto`},
	{"westeu", placeWeight, `francia alemania italia austria belgica holanda luxemburgo paris berlin roma`, `france germany italy austria belgium netherlands luxembourg paris berlin rome`},
	{
		"resteu", placeWeight, `resto polonia irlanda suecia dinamarca finlandia grecia rumania hungria chequia croacia bulgaria eslovaquia eslovenia estonia letonia lituania malta chipre`,
		`rest poland ireland sweden denmark finland greece romania hungary czechia croatia bulgaria slovakia slovenia estonia latvia lithuania malta cyprus`,
	},
	{"noneu", placeWeight, `suiza noruega andorra eeuu`, `switzerland swiss zurich norway andorra usa`},
}

package offline

import (
	"github.com/recado/recado/knowledge"
)

// concepts says which word stems mean the same in a shop, across the two
// languages, and which are so common in one that they say little.
type concepts struct {
	byStem map[string]string
	common map[string]bool
}

// of returns the concept of a stem.
func (c concepts) of(stem string) (string, bool) {
	concept, ok := c.byStem[stem]
	return concept, ok
}

func newConcepts() concepts {
	c := concepts{byStem: map[string]string{}, common: map[string]bool{}}
	for _, row := range conceptWords {
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

// The weights of a word when it is compared: words that stand in every question
// say little, concepts are what a shop is asked about, and a word that is neither
// is what a question is about in particular.
const (
	faintWeight = 0.25
	usualWeight = 1.0
	rareWeight  = 1.3
)

// feature is what a stem is compared by: its concept, or itself.
func (c concepts) feature(stem string) string {
	if concept, ok := c.byStem[stem]; ok {
		return "=" + concept
	}
	return stem
}

// features are the features of a text with the weight of each.
func (c concepts) features(locale, text string) map[string]float64 {
	set := map[string]float64{}
	for _, stem := range knowledge.Tokens(locale, text) {
		f := c.feature(stem)
		switch {
		case c.common[stem]:
			set[f] = max(set[f], faintWeight)
		case f != stem:
			set[f] = usualWeight
		default:
			set[f] = rareWeight
		}
	}
	return set
}

// commonES and commonEN are words that stand in questions about everything.
const (
	commonES = `pedido pedidos hacer hago haceis poder puedo puede quiero querer quisiera necesito saber decir favor hola gracias
		producto productos articulo cosa tienda comprar compra comprado compre tener tengo dar tienen teneis nogal ayuda problema`
	commonEN = `order orders get want need know tell please hello hi thanks thank product products item items thing shop store buy
		bought purchase make give like nogal help problem`
)

// conceptWords lists the words of each concept. A word stands in one concept
// only; the last one wins.
var conceptWords = []struct{ name, es, en string }{
	{"refund", `reembolso reembolsar reembolsado reembolsos dinero abono abonar`, `refund refunds refunded reimburse reimbursement money`},
	{"return", `devolver devolucion devoluciones devuelvo devuelto retorno desistimiento`, `return returns returned withdrawal`},
	{"exchange", `cambio cambios talla`, `exchange exchanges swap size`},
	{"change", `cambiar modificar modificacion corregir`, `change modify edit amend correct`},
	{"cancel", `cancelar cancelacion anular anulacion cancelo anulo`, `cancel cancellation cancelling`},
	{"time", `tardar tarda tardan tardara plazo plazos tiempo demora dura duran dias`, `long time days takes take period deadline last`},
	{"shipping", `envio envios enviar enviais envian portes gastos transporte mandar mandais`, `shipping ship ships shipment postage dispatch`},
	{"deliver", `entrega entregar entregado entregan llegar llega llegara llegado recibir reparto`, `delivery deliver delivered arrive arrival arrives receive`},
	{"parcel", `paquete paquetes caja bulto`, `parcel parcels package packages box`},
	{"late", `retraso retrasado retrasos retrasa tarde`, `late delay delayed delays`},
	{"lost", `perdido perdida extraviado extravio desaparecido pierde`, `lost missing disappeared loses`},
	{"damaged", `roto rota danado danada golpeado defectuoso averiado estropeado rotura averia defecto`, `broken damaged defective faulty damage defect fault`},
	{"wrong", `equivocado equivocada erroneo incorrecto distinto equivocaron`, `wrong incorrect different mistaken`},
	{"address", `direccion direcciones domicilio calle`, `address addresses street`},
	{"pay", `pagar pago pagos cobro cobrar metodo efectivo contrarreembolso`, `pay payment payments paying charge charged method cash`},
	{"instalments", `cuotas fraccionar financiar financiacion fraccionado`, `instalments installments financing monthly instalment`},
	{"declined", `rechazado rechazada rechaza fallido denegado denegada`, `declined rejected failed fails`},
	{"invoice", `factura facturas nif cif iva ticket`, `invoice invoices vat bill receipt`},
	{"gift", `regalo regalos regalar`, `gift gifts present`},
	{"promo", `cupon cupones codigo codigos descuento descuentos promocion promociones promocional oferta`, `coupon coupons code codes discount discounts promo promotion voucher`},
	{"warranty", `garantia garantias`, `warranty guarantee guaranteed`},
	{"repair", `reparar reparacion reparaciones arreglar arreglo`, `repair repairs repaired fix`},
	{"privacy", `datos privacidad rgpd informacion`, `data privacy gdpr information`},
	{"delete", `borrar eliminar suprimir`, `delete erase remove`},
	{"password", `contrasena clave olvidado`, `password forgot forgotten`},
	{"account", `cuenta sesion acceder entrar`, `account login log sign`},
	{"safety", `seguro seguridad sospechoso phishing`, `secure security safe suspicious phishing`},
	{"setup", `configurar configuracion instalar instalacion conectar conecta emparejar reiniciar restablecer`, `setup set configure install connect connects pair reset restart`},
	{"robot", `robot aspirador aspiradora`, `vacuum cleaner robot`},
	{"headphones", `auriculares cascos`, `headphones earphones buds`},
	{"bulb", `bombilla bombillas`, `bulb bulbs`},
	{"recycle", `reciclar reciclaje retirar retirada viejo antiguo pilas baterias`, `recycle recycling disposal old batteries battery`},
	{"business", `empresa empresas autonomo profesional`, `business company companies professional`},
	{"pickup", `recoger recogida recojo`, `pickup pick collect collection`},
	{"point", `punto puntos`, `point points`},
	{"price", `precio precios barato igualar igualais igualacion`, `price prices cheaper cheap match`},
	{"cost", `cuesta cuestan coste costes costar gratis gratuito`, `cost costs free charge`},
	{"abroad", `extranjero internacional internacionales europa pais paises`, `abroad international internationally europe country countries overseas`},
	{"islands", `canarias baleares islas ceuta melilla`, `canary balearic islands ceuta melilla`},
	{"customs", `aduana aduanas aranceles impuestos`, `customs duties taxes import`},
	{"track", `seguimiento rastrear localizar rastreo`, `track tracking trace`},
	{"hours", `horario horarios abierto abris abren`, `hours open opening`},
	{"contact", `contactar telefono llamar contacto correo`, `contact phone call email`},
	{"home", `casa ausente`, `home away`},
	{"subscription", `suscripcion boletin publicidad`, `subscription newsletter marketing`},
}

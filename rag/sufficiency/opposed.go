package sufficiency

import "strings"

// opposites are words that exclude each other, one lot a line: a text that says one where
// a question says another does not answer it. What stands together between two slashes
// means about the same. The first lines are Spanish, the others English.
const opposites = `
más mayor mayores mayoría superior / menos menor menores minoría inferior
mejor mejores / peor peores
máximo máxima / mínimo mínima
antes anterior previo / después posterior luego
primero primer primera / segundo segunda / tercero tercer tercera / cuarto cuarta / quinto quinta / último última final
alto alta elevado elevada / bajo baja
grande gran grandes enorme / pequeño pequeña pequeños pequeñas
aumentar aumento aumentó crecer crecimiento creció subir subió subida incremento incrementar / disminuir disminución disminuyó reducir reducción redujo bajar bajó bajada caer cayó caída descenso descender
norte septentrional / sur meridional / este oriental oriente / oeste occidental occidente
izquierda / derecha
viejo vieja antiguo antigua / nuevo nueva moderno moderna reciente
joven jóvenes / anciano mayor
ganar ganó ganador victoria / perder perdió perdedor derrota / empatar empate
comenzar comenzó comienzo empezar empezó iniciar inició inicio / terminar terminó acabar acabó finalizar finalizó fin final
abrir abrió abierto abierta apertura / cerrar cerró cerrado cerrada cierre
entrar entró entrada / salir salió salida
llegar llegó llegada / partir partió partida / marcharse
interno interna interior dentro / externo externa exterior fuera
positivo positiva / negativo negativa
hombre hombres masculino varón varones / mujer mujeres femenino femenina
padre / madre / hijo / hija
rico ricos rica ricas riqueza / pobre pobres pobreza
fuerte fuertes fortaleza / débil débiles debilidad
fácil fáciles sencillo / difícil difíciles complicado
posible posibilidad / imposible imposibilidad
legal legítimo / ilegal ilegítimo
permitir permite permitió permitido permitida autorizar autorizado / prohibir prohíbe prohibió prohibido prohibida impedir impide
aceptar acepta aceptó aceptado aprobar aprobó aprobado / rechazar rechaza rechazó rechazado negar negó denegar denegado
apoyar apoyó apoyo defender favor / oponer opuso oposición contra criticar
público pública públicos públicas / privado privada privados privadas
nacional / internacional / local / regional
caliente calor cálido / frío fría
largo larga largos largas / corto corta cortos cortas breve
ancho ancha / estrecho estrecha
rápido rápida rápidamente / lento lenta lentamente
lleno llena / vacío vacía
verdadero verdadera verdad cierto / falso falsa mentira
amigo amigos aliado aliados / enemigo enemigos rival
vivo viva vida nacer nació nacimiento / muerto muerta muerte morir murió
crear creó creación construir construyó construido / destruir destruyó destruido destrucción
vender vendió venta vendedor / comprar compró compra comprador
exportar exportación exportaciones / importar importación importaciones
directo directa / indirecto indirecta
común comunes frecuente habitual / raro rara raros inusual
temprano / tarde tardío
encima arriba / debajo abajo
todo todos toda todas entero / ninguno ninguna nada / parte parcial
siempre / nunca jamás
ambos ambas / ninguno ninguna
encontrar encontró descubrir descubrió / perder perdió perdido
atacar atacó ataque / defender defendió defensa
unir unió unión / separar separó separación dividir división
incluir incluye incluido incluida / excluir excluye excluido excluida excepto
activo activa / pasivo pasiva inactivo
seguro segura / peligroso peligrosa inseguro
igual iguales igualdad / diferente diferentes distinto desigual desigualdad
simple simples / complejo compleja complejos
natural / artificial
teoría / práctica
causa / consecuencia efecto
pregunta / respuesta
ley / delito
día diurno / noche nocturno
mañana / tarde / noche
verano / invierno / primavera / otoño
enero / febrero / marzo / abril / mayo / junio / julio / agosto / septiembre / octubre / noviembre / diciembre
lunes / martes / miércoles / jueves / viernes / sábado / domingo
uno / dos / tres / cuatro / cinco / seis / siete / ocho / nueve / diez / once / doce / quince / veinte / treinta / cincuenta / cien
doble / triple / mitad / tercio
blanco blanca / negro negra / rojo roja / azul / verde / amarillo amarilla / gris / marrón
gratis gratuito gratuita / pago coste cobrar cobramos
enviar envío envíos entrega / devolver devolución devoluciones / recoger recogida / cambiar cambio
more greater larger bigger most majority above over / less fewer smaller least minority below under
better best / worse worst
maximum highest / minimum lowest
before prior previous earlier / after following later subsequent
first / second / third / fourth / fifth / last final
high higher / low lower
large big huge great / small little tiny
increase increased rise rose grow grew growth raise raised gain / decrease decreased decline declined fall fell drop dropped reduce reduced loss
north northern / south southern / east eastern / west western
left / right
old older oldest ancient / new newer newest modern recent
win won winner victory / lose lost loser defeat / draw tie
start started begin began beginning / end ended finish finished stop stopped
open opened opening / close closed closing
enter entered entrance / leave left exit
arrive arrived arrival / depart departed departure
internal inside inner / external outside outer
positive / negative
man men male boy / woman women female girl
father / mother / son / daughter
rich wealthy / poor
strong strength / weak weakness
easy simple / difficult hard complex
possible / impossible
legal / illegal
allow allowed allows permit permitted / forbid forbidden prohibit prohibited ban banned prevent prevented
accept accepted approve approved / reject rejected refuse refused deny denied
support supported / oppose opposed against
public / private
national / international / local / regional
hot warm / cold cool
long longer / short shorter
wide broad / narrow
fast quick quickly / slow slowly
full / empty
true / false
friend ally allies / enemy rival
alive life born birth / dead death died die
create created build built / destroy destroyed
sell sold sale seller / buy bought purchase buyer
export exports / import imports
direct / indirect
common frequent usual / rare unusual uncommon
early / late
all every entire whole / none nothing / some part partial
always / never
both / neither
attack attacked / defend defended
unite united join joined / separate separated divide divided
include included includes / exclude excluded except
active / passive inactive
safe / dangerous unsafe
same equal / different unequal
natural / artificial synthetic
day daytime / night
morning / afternoon / evening / night
summer / winter / spring / autumn
january / february / march / april / june / july / august / september / october / november / december
monday / tuesday / wednesday / thursday / friday / saturday / sunday
one / two / three / four / five / six / seven / eight / nine / ten / eleven / twelve / fifteen / twenty / thirty / fifty / hundred
double / triple / half
white / black / red / blue / green / yellow / grey / brown
free / paid charge fee
send shipping delivery / return returns / collect pickup / exchange`

// side is a place in opposites: in which line, and which of those that exclude each other.
type side struct{ line, side int }

// sides are the places of each folded word.
var sides = readSides(opposites)

func readSides(list string) map[string][]side {
	all := map[string][]side{}
	for i, line := range strings.Split(list, "\n") {
		for n, words := range strings.Split(line, "/") {
			for w := range strings.FieldsSeq(folded(words)) {
				all[w] = append(all[w], side{i, n})
			}
		}
	}
	return all
}

// contrary are prefixes that turn a word into its contrary in Spanish and English.
var contrary = []string{"in", "im", "ir", "il", "des", "dis", "un", "non"}

// shortestTurned is the length from which on a word can have such a prefix before it.
const shortestTurned = 5

// stance is what a text says as far as something else excludes it: its words, and for
// each line of opposites which sides, a bit each.
type stance struct {
	forms map[string]bool
	sides map[int]uint32
}

func stanceOf(words []word) stance {
	s := stance{forms: make(map[string]bool, len(words)), sides: map[int]uint32{}}
	for _, w := range words {
		s.forms[w.form] = true
		for _, at := range sides[w.form] {
			s.sides[at.line] |= 1 << at.side
		}
	}
	return s
}

// opposed counts the words of a question of which a text says the contrary and not the
// same.
func (asked stance) opposed(text stance) float64 {
	n := 0.0
	for form := range asked.forms {
		if asked.turnsBySide(form, text) || asked.turnsByPrefix(form, text) {
			n++
		}
	}
	return n
}

func (asked stance) turnsBySide(form string, text stance) bool {
	for _, at := range sides[form] {
		said := text.sides[at.line]
		if said&(1<<at.side) == 0 && said&^asked.sides[at.line] != 0 {
			return true
		}
	}
	return false
}

// turnsByPrefix finds "legal" where "illegal" is said, and the other way round.
func (asked stance) turnsByPrefix(form string, text stance) bool {
	if text.forms[form] {
		return false
	}
	for _, prefix := range contrary {
		longer := prefix + form
		shorter, has := strings.CutPrefix(form, prefix)
		switch {
		case len(form) >= shortestTurned && text.forms[longer] && !asked.forms[longer]:
			return true
		case has && len(shorter) >= shortestTurned && text.forms[shorter] && !asked.forms[shorter]:
			return true
		}
	}
	return false
}

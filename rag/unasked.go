package rag

import (
	"regexp"
	"slices"
	"strings"

	"github.com/recado/recado/rag/action"
	"github.com/recado/recado/rag/guard"
)

// turnedAway are the beginnings of what people say of something that they don't want any
// more, in folded words.
const turnedAway = `no (\w+ ){0,2}(quiero|queremos|quiere|necesit|interesa|hace falta|want|need)|(don t|dont|longer|not) (\w+ ){0,2}(want|need)|` +
	`desist|arrepen|por error|sin querer|equivoc|mistake|accident|duplica|dos veces|twice|undo|deshac|revo[ck]|never ?mind|olvid|forget|` +
	`echar(me|nos)? atras|withdr|chang\w+ (my|our) minds?|cambi\w* de (idea|opinion)`

// spokenOf are the beginnings of words without one of which nobody wishes for an action.
// They are many and wide, for what is not among them goes to a person; and none is about a
// look-up that everybody may make.
var spokenOf = map[action.Kind]*regexp.Regexp{
	action.Cancel: regexp.MustCompile(`\b(?:cancel|cance|anul|annul|stop|drop|call\w* off|parar|parad|paren|retir|abort|terminat|get rid|scrap|baja|` +
		`no lo envi|(don t|dont|not) (send|ship)|(want|need|like|get|give|quier\w*|dame|dadme|necesit\w*) (\w+ ){0,3}(refund|reembols)|money back|(mi|el) dinero|` +
		`no (\w+ ){0,2}(pagar|pay)|(longer|cant|can t|cannot) pay|` + turnedAway + `)`),
	action.StartReturn: regexp.MustCompile(`\b(?:devol|devuel|return|back|refund|reembols|exchang|replac|cambi|defect|rot[oa]|br[eo]ak|broke|dan\w*d|damag|wrong|fault|fall[ao]|` +
		`no (me )?(\w+ )?(funciona|gusta|vale|sirve|queda|va|carga|encien)|(doesn t|doesnt|does not|don t|dont|do not|not) (\w+ ){0,2}(work|like|fit|right|suit)|` +
		`recog|pick\w* up|talla|size|small|large|big|grande|peque|keep|quedar|` + turnedAway + `)`),
	action.ChangeAddress: regexp.MustCompile(`\b(?:direc|domicil|addres|mud|move|moving|call[ea]|avenida|plaza|street|avenue|road|piso|portal|postal|postcode|zip|` +
		`env[iy]|mand|send|ship|deliver|entreg|llev|recib|receiv|trabajo|casa|oficina|office|home|work|vecin|neighbo|` + `(otr[ao]|another|different|new|nuev[ao]) (sitio|lugar|place|location))`),
	action.Invoice:       regexp.MustCompile(`\b(?:factur|invoic|bill|receipt|recibo|ticket|tique|iva|vat|tax|impuest|contab|account|gast|expens|document|pdf|papel|paper|justific|comproban)`),
	action.DeliveryProof: regexp.MustCompile(`\b(?:prueb|proof|prove|entreg|deliver|firm|sign|recib|receiv|lleg|arriv|albaran|justific|comproban|evid|foto|photo|quien|who|document|pdf|paper)`),
}

// leastRespelled is how long a word is that is read with a slip mended.
const leastRespelled = 5

// wishVerbs are the words that most wishes turn on.
var wishVerbs = []string{"cancel", "cancelar", "cancelacion", "anular", "return", "devolver", "devolucion", "address", "direccion", "factura", "invoice", "refund", "reembolso"}

// meant are the actions of a draft that the customer spoke of in some message of this
// conversation: what a passage, a note on an order or a whim of the model brings in is none
// of their wishes, and they are not even asked about it.
func (t *turn) meant() []action.Call {
	if len(t.a.Draft.Actions) == 0 {
		return nil
	}
	own := t.ownWords()
	return slices.DeleteFunc(slices.Clone(t.a.Draft.Actions), func(c action.Call) bool { return !speakOf(own, c.Kind) })
}

// speakOf tells whether one of the texts may be a wish for such an action.
func speakOf(texts []string, k action.Kind) bool {
	words := spokenOf[k]
	return words == nil || slices.ContainsFunc(texts, func(text string) bool { return words.MatchString(spoken(text)) })
}

// spoken is a text in folded words with single spaces between, each as it is and, where a
// letter slipped, as it was meant.
func spoken(text string) string {
	words := strings.Fields(foldWord(notWords.ReplaceAllString(text, " ")))
	for i, word := range words {
		if len(word) >= leastRespelled {
			if meant := guard.Respell(word, wishVerbs); meant != word {
				words[i] = word + " " + meant
			}
		}
	}
	return strings.Join(words, " ")
}

var notWords = regexp.MustCompile(`[^\p{L}\p{M}\p{N}]+`)

package receipts

import (
	"sync"

	"github.com/recado/recado/knowledge"
)

// Reader reads whole responses. It keeps the words of the languages that it met, which take
// some time to gather.
type Reader struct {
	lock  sync.Mutex
	words map[string]lexicon
}

// NewReader makes a Reader.
func NewReader() *Reader { return &Reader{words: map[string]lexicon{}} }

// lexicon is what is known of the words of a language, as stems.
type lexicon struct {
	// common are those that many texts have: one that a text has nothing of was put in
	// knowingly. One that is in no dictionary may be a name, or a form of a word of the text.
	common map[string]bool
	// telling are those with which one tells of a text, or joins sentences: that a text
	// "highlights" something it need not say itself.
	telling map[string]bool
}

func (r *Reader) lexicon(locale string) lexicon {
	language := knowledge.Language(locale)
	r.lock.Lock()
	defer r.lock.Unlock()
	if known, ok := r.words[language]; ok {
		return known
	}
	l := lexicon{common: knowledge.CommonWords(language), telling: map[string]bool{}}
	for _, stem := range knowledge.Tokens(language, tellingWords(language)) {
		l.telling[stem] = true
	}
	r.words[language] = l
	return l
}

func tellingWords(language string) string {
	if language == "es" {
		return `resumen resumir resume resumido artículo texto pasaje fragmento contenido palabras historia informe noticia noticias autor autora
			menciona mencionar destaca destacar describe describir explica explicar expresa expresar señala señalar indica indicar subraya subrayar aborda abordar ofrece trata busca
			embargo aunque mientras además también asimismo finalmente general incluye incluir varios diversos tal
			aquí siguiente según respecto relacionado cierto particular específico debido`
	}
	return `summary summarize article text passage excerpt content words story report piece news author writer
		mention highlight describe explain express note state emphasize discuss focus provide aim address
		however despite although though while whereas nevertheless additionally furthermore moreover also meanwhile overall finally lastly
		include including various several such here sure within following according regarding concerning related due certain particular specific`
}

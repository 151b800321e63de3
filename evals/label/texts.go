package label

// text is one phrase of the page in both languages.
type text struct{ es, en string }

// phrase gives a phrase; a test holds that all exist that the template asks for.
func phrase(language, key string) string {
	found, ok := phrases[key]
	switch {
	case !ok:
		return "[" + key + "]"
	case language == "en":
		return found.en
	}
	return found.es
}

var phrases = map[string]text{
	"title":      {"Etiquetar respuestas", "Label answers"},
	"skip_to":    {"Ir a la respuesta", "Go to the answer"},
	"other":      {"English", "Español"},
	"other_code": {"en", "es"},
	"of":         {"de", "of"},
	"progress":   {"Etiquetadas", "Labelled"},
	"asked":      {"Pregunta del cliente", "What the customer asked"},
	"understood": {"Se entendió así", "Understood as"},
	"draft":      {"Respuesta", "Answer"},
	"sent":       {"enviada", "sent"},
	"not_sent":   {"no enviada", "not sent"},
	"cited":      {"En qué se apoya", "What it rests on"},
	"cited_none": {"No cita ningún documento.", "It cites no document."},
	"others":     {"Otros pasajes que se encontraron", "Other passages that were found"},
	"orders":     {"Pedidos que se consultaron", "Orders that were looked at"},
	"question":   {"¿Es correcta la respuesta?", "Is the answer right?"},
	"lead":       {"Correcta: responde a lo que se pregunta y todo lo que dice es cierto según los documentos y pedidos. El estilo no cuenta.", "Right: it answers what is asked, and all it says is true by the documents and orders. Style does not count."},
	"right":      {"Correcta", "Right"},
	"wrong":      {"Incorrecta", "Wrong"},
	"unsure":     {"No lo sé", "Not sure"},
	"skip":       {"Saltar", "Skip"},
	"undo":       {"Deshacer", "Undo"},
	"note":       {"Nota (opcional)", "Note (optional)"},
	"done":       {"Ya están todas. Gracias.", "That was all of them. Thank you."},
	"done_next":  {"Para seguir: recado eval label export --out labels.jsonl", "Next: recado eval label export --out labels.jsonl"},
	"passed":     {"Saltadas", "Skipped"},
	"again":      {"Ver las saltadas", "See the skipped ones"},
	"before":     {"Lo que dijiste", "What you said"},
	"back":       {"Seguir con la siguiente", "Go on with the next"},

	"problem_internal":  {"Algo ha fallado y no se ha guardado nada. Inténtalo de nuevo.", "Something went wrong and nothing was kept. Try again."},
	"problem_not_found": {"Aquí no hay nada.", "There is nothing here."},
	"problem_invalid":   {"No se ha guardado nada: di correcta, incorrecta o no lo sé, con una nota de 500 caracteres como mucho.", "Nothing was kept: say right, wrong or not sure, with a note of 500 characters at most."},
	"problem_elsewhere": {"La petición venía de otra página y no se ha guardado nada.", "The request came from another page, and nothing was kept."},
	"problem_host":      {"Esta página solo responde a localhost y a las direcciones de este ordenador.", "This page answers only to localhost and this computer's own addresses."},
}

package desk

// labelPhrases are about what agents say of handoffs and drafts.
var labelPhrases = map[string]text{
	"label_ask":    {"¿Hacía falta una persona?", "Was a person needed?"},
	"label_needed": {"Sí", "Yes"},
	"label_early":  {"No, podía contestar el asistente", "No, the assistant could have answered"},
	"label_late":   {"Sí, y antes", "Yes, and sooner"},
	"label_flaw":   {"Cambiaste el borrador. ¿Qué fallaba?", "You changed the draft. What was wrong?"},
	"label_fact":   {"Un dato", "A fact"},
	"label_tone":   {"Solo el tono", "Only the tone"},
	"done_said":    {"Anotado, gracias.", "Noted, thank you."},
}

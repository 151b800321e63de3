package desk

import (
	"github.com/recado/recado/gateway"
)

// text is one phrase of the interface in both languages.
type text struct{ es, en string }

// lookup gives a phrase, or "" when there is none of that key.
func lookup(language, key string) string {
	if language == "en" {
		return phrases[key].en
	}
	return phrases[key].es
}

// phrase gives a phrase that has to exist; a test holds that all do that
// templates ask for.
func phrase(language, key string) string {
	if s := lookup(language, key); s != "" {
		return s
	}
	return "[" + key + "]"
}

// ruleText says in a sentence which rule decided a turn.
func ruleText(language string, d gateway.Decision) string {
	key := "rule_" + d.Rule
	if d.Rule == "confidence" {
		key += "_" + string(d.Kind)
	}
	if s := lookup(language, key); s != "" {
		return s
	}
	return phrase(language, "rule_unexpected") + ": " + d.Rule
}

// phrases are all words of the interface.
var phrases = map[string]text{
	"desk":         {"Atención", "Desk"},
	"skip":         {"Saltar al contenido", "Skip to the content"},
	"other":        {"English", "Español"},
	"other_code":   {"en", "es"},
	"live_on":      {"En directo", "Live"},
	"live_off":     {"Sin conexión: la página se actualizará al volver", "Offline: the page catches up when it is back"},
	"live_expired": {"La sesión ha terminado: vuelve a entrar", "Your session is over: sign in again"},
	"sign_out":     {"Salir", "Sign out"},
	"guest":        {"invitado", "guest"},

	"sign_in":       {"Entrar", "Sign in"},
	"sign_in_name":  {"Nombre", "Name"},
	"sign_in_pass":  {"Contraseña", "Password"},
	"sign_in_help":  {"¿Sin acceso? Quien administra Recado lo crea con «recado user add».", "No access yet? Whoever runs Recado adds you with “recado user add”."},
	"sign_in_wrong": {"El nombre o la contraseña no son correctos. Revísalos e inténtalo otra vez.", "The name or the password is wrong. Check both and try again."},
	"session_over":  {"La sesión ha terminado y no se ha hecho nada. Entra otra vez y repítelo.", "Your session is over, and nothing was done. Sign in and do it again."},
	"session_text":  {"Lo que habías escrito; cópialo antes de entrar", "What you had written; copy it before you sign in"},
	"sign_in_busy":  {"Hay demasiados intentos de entrar a la vez. Espera unos segundos y vuelve a probar.", "Too many people are signing in at once. Wait a few seconds and try again."},

	"view_waiting":  {"Bandeja", "Inbox"},
	"view_mine":     {"Mías", "Mine"},
	"view_all":      {"Conversaciones", "Conversations"},
	"group_waiting": {"En espera", "Waiting"},
	"group_mine":    {"Contigo", "With you"},
	"group_others":  {"Con otra persona", "With someone else"},
	"arrived":       {"Alguien espera a una persona.", "Someone is waiting for a person."},
	"queue":         {"Abiertas", "Open"},
	"queue_empty":   {"Nadie espera ahora mismo.", "Nobody is waiting right now."},
	"to_packet":     {"Pedidos, borrador y lo que se probó", "Orders, draft and what was tried"},
	"empty_waiting": {
		"Nadie espera. Cuando alguien necesite a una persona, aparecerá aquí sin recargar.",
		"Nobody is waiting. When someone needs a person, they appear here without reloading.",
	},
	"and_more":     {"Y más: aparecen aquí cuando terminan las primeras.", "And more: they appear here as the first ones are done."},
	"empty_mine":   {"No llevas ninguna conversación ahora mismo.", "You are not handling any conversation right now."},
	"empty_all":    {"Todavía no ha escrito nadie.", "Nobody has written yet."},
	"empty_search": {"No hay conversaciones con ese contacto. Escribe el número completo con su prefijo.", "There are no conversations with that contact. Write the full number with its country code."},
	"search":       {"Buscar por teléfono o identificador", "Find by phone or user id"},
	"search_go":    {"Buscar", "Find"},
	"next_page":    {"Más", "More"},
	"waiting_for":  {"Espera", "Waiting"},
	"awaits":       {"Espera respuesta desde", "Waiting for an answer since"},
	"last_change":  {"Último cambio", "Last change"},
	"take":         {"Atender", "Take"},
	"with":         {"Con", "With"},
	"no_words":     {"(sin texto)", "(no text)"},
	"shortcuts":    {"Teclas: j y k para moverse, Intro para abrir", "Keys: j and k to move, Enter to open"},

	"back":          {"Volver a la bandeja", "Back to the inbox"},
	"window_left":   {"De la ventana de 24 h quedan", "Left of the 24-hour window:"},
	"window_over":   {"Ventana de 24 h cerrada", "24-hour window closed"},
	"wants":         {"Qué quiere", "What they want"},
	"why_here":      {"Por qué está aquí", "Why it is here"},
	"messages":      {"Mensajes", "Messages"},
	"no_messages":   {"Todavía no hay mensajes.", "There are no messages yet."},
	"earlier":       {"Ver la conversación desde el principio", "Show the conversation from the beginning"},
	"history":       {"Historia", "History"},
	"why":           {"¿Por qué?", "Why?"},
	"author_bot":    {"Asistente", "Assistant"},
	"author_agent":  {"Equipo", "Team"},
	"not_delivered": {"WhatsApp dice", "WhatsApp says"},

	"packet":      {"Para no volver a preguntar", "So nobody has to ask twice"},
	"orders":      {"Pedidos", "Orders"},
	"no_orders":   {"No se consultó ningún pedido.", "No order was looked at."},
	"order_eta":   {"Llegada prevista", "Expected"},
	"order_date":  {"Hecho el", "Placed on"},
	"order_track": {"Seguir el envío", "Track the parcel"},
	"tried":       {"Documentos consultados", "Documents considered"},
	"no_tried":    {"Ninguno: lo decidió una regla.", "None: a rule decided."},
	"promised":    {"Lo último que dijo el asistente", "What the assistant said last"},
	"draft":       {"Borrador que no se envió", "Draft that was not sent"},
	"use_draft":   {"Usar el borrador", "Use the draft"},
	"confidence":  {"Confianza", "Confidence"},
	"threshold":   {"umbral", "threshold"},
	"see_turn":    {"Ver cómo se decidió", "See how this was decided"},
	"all_turns":   {"Todas las decisiones", "All decisions"},

	"reply":          {"Tu respuesta", "Your reply"},
	"send":           {"Enviar", "Send"},
	"send_hint":      {"Ctrl + Intro envía; r lleva aquí.", "Ctrl + Enter sends; r brings you here."},
	"send_takes":     {"Al enviar, la conversación pasa a ser tuya.", "Sending takes the conversation over."},
	"return":         {"Devolver al asistente", "Return to the assistant"},
	"resolve":        {"Dar por resuelta", "Resolve"},
	"on_phone":       {"Alguien del equipo responde desde el teléfono. Si la atiendes o respondes aquí, pasa a ser tuya.", "Someone on the team is answering from the phone app. Take it or reply here, and it is yours."},
	"phone_app":      {"el teléfono", "the phone app"},
	"theirs":         {"La atiende otra persona:", "Another person is handling this:"},
	"closed":         {"Esta espera ya terminó.", "This handoff is over."},
	"closed_go":      {"Abrir la conversación", "Open the conversation"},
	"with_bot":       {"Responde el asistente. Si hace falta una persona, aparecerá en la bandeja.", "The assistant is answering. If a person is needed, it shows up in the inbox."},
	"with_nobody":    {"Resuelta. El próximo mensaje del cliente la abre de nuevo.", "Resolved. The customer's next message opens it again."},
	"window_call":    {"Si no puede esperar, llama al", "If it can't wait, call"},
	"window_explain": {"Han pasado 24 horas desde el último mensaje del cliente y WhatsApp no admite texto libre. Cuando el cliente escriba, podrás responder.", "24 hours have passed since the customer's last message, so WhatsApp takes no free text. You can reply when the customer writes again."},

	"done_reply":   {"Respuesta en camino.", "Your reply is on its way."},
	"done_claim":   {"La conversación es tuya; el asistente calla.", "The conversation is yours; the assistant is silent."},
	"done_return":  {"El asistente vuelve a responder.", "The assistant answers again."},
	"done_resolve": {"Conversación resuelta.", "The conversation is resolved."},

	"refused_taken":  {"Otra persona ya la atiende y no se ha enviado nada. Tu texto sigue en el cuadro; habla con ella o vuelve a la bandeja.", "Another person is handling this already, and nothing was sent. Your text is still in the box; speak with them or go back to the inbox."},
	"refused_closed": {"Esta espera ya terminó y no se ha hecho nada. Abre la conversación para ver cómo sigue.", "This handoff is over already, and nothing was done. Open the conversation to see how it goes on."},
	"refused_window": {"La ventana de 24 horas está cerrada y no se ha enviado nada. Podrás responder cuando el cliente escriba; tu texto sigue abajo.", "The 24-hour window is closed, and nothing was sent. You can reply when the customer writes again; your text is kept below."},
	"refused_text":   {"No se ha enviado nada: una respuesta tiene de 1 a 4096 caracteres. Corrige el texto y vuelve a enviarlo.", "Nothing was sent: a reply has 1 to 4096 characters. Correct the text and send it again."},

	"problem_title":        {"No ha podido ser", "That did not work"},
	"problem_internal":     {"Algo ha fallado y no es culpa tuya. Vuelve a intentarlo en un momento; si sigue igual, avisa a quien administra Recado.", "Something went wrong, and it is not your fault. Try again in a moment; if it stays, tell whoever runs Recado."},
	"problem_too_large":    {"El formulario es demasiado grande y no se ha hecho nada. Vuelve atrás y acorta el texto a 4096 caracteres.", "The form is too large, and nothing was done. Go back and shorten the text to 4096 characters."},
	"problem_not_found":    {"Aquí no hay nada. Puede que la dirección esté incompleta; vuelve a la bandeja.", "There is nothing here. The address may be incomplete; go back to the inbox."},
	"problem_address":      {"La dirección de la página no vale. Vuelve a la bandeja y entra desde allí.", "The address of this page is not valid. Go back to the inbox and start there."},
	"problem_cross_origin": {"El formulario venía de otra página y no se ha hecho nada. Abre la bandeja y repítelo desde aquí.", "The form came from another site, and nothing was done. Open the inbox and do it again from here."},

	"mode_bot":    {"Asistente", "Assistant"},
	"mode_queued": {"En espera", "Waiting"},
	"mode_agent":  {"Con una persona", "With a person"},
	"mode_closed": {"Resuelta", "Resolved"},

	"tongue_es": {"español", "Spanish"},
	"tongue_en": {"inglés", "English"},

	"reason_asked_for_human":       {"Pide una persona", "Asks for a person"},
	"reason_legal":                 {"Legal", "Legal"},
	"reason_safety":                {"Seguridad", "Safety"},
	"reason_fraud":                 {"Fraude", "Fraud"},
	"reason_low_confidence":        {"Poca confianza", "Not sure enough"},
	"reason_not_covered":           {"Sin respuesta en los documentos", "Not in the documents"},
	"reason_unsupported_claim":     {"Borrador sin respaldo", "Draft not backed"},
	"reason_model_unavailable":     {"Modelo sin respuesta", "Model gave no answer"},
	"reason_knowledge_unavailable": {"Documentos no disponibles", "Documents unavailable"},
	"reason_orders_unavailable":    {"Pedidos no disponibles", "Orders unavailable"},
	"reason_unreadable_message":    {"Mensaje ilegible", "Unreadable message"},
	"reason_send_failed":           {"No se pudo entregar", "Not delivered"},
	"reason_internal_error":        {"Fallo interno", "Internal error"},
	"reason_taken_over":            {"Desde el teléfono", "From the phone app"},
	"reason_window_closed":         {"Ventana cerrada", "Window closed"},

	"state_pending":            {"pendiente", "pending"},
	"state_pending_payment":    {"pago pendiente", "payment pending"},
	"state_processing":         {"en preparación", "processing"},
	"state_processed":          {"preparado", "processed"},
	"state_on_hold":            {"en pausa", "on hold"},
	"state_shipped":            {"enviado", "shipped"},
	"state_in_transit":         {"en camino", "in transit"},
	"state_out_for_delivery":   {"en reparto", "out for delivery"},
	"state_ready_for_pickup":   {"listo para recoger", "ready for pickup"},
	"state_delivered":          {"entregado", "delivered"},
	"state_delivery_failed":    {"entrega fallida", "delivery failed"},
	"state_lost":               {"perdido", "lost"},
	"state_cancelled":          {"cancelado", "cancelled"},
	"state_return_requested":   {"devolución pedida", "return requested"},
	"state_return_in_transit":  {"devolución en camino", "return on its way"},
	"state_returned":           {"devuelto", "returned"},
	"state_refund_in_progress": {"reembolso en curso", "refund in progress"},
	"state_refunded":           {"reembolsado", "refunded"},
	"state_partially_refunded": {"reembolsado en parte", "partly refunded"},

	"status_received":  {"recibido", "received"},
	"status_queued":    {"en cola", "queued"},
	"status_sending":   {"enviando", "sending"},
	"status_unknown":   {"sin confirmar", "not confirmed"},
	"status_sent":      {"enviado", "sent"},
	"status_delivered": {"entregado", "delivered"},
	"status_read":      {"leído", "read"},
	"status_failed":    {"no entregado", "not delivered"},
	"status_canceled":  {"no enviado", "not sent"},

	"type_image":       {"una foto", "a photo"},
	"type_audio":       {"un audio", "a voice message"},
	"type_video":       {"un vídeo", "a video"},
	"type_document":    {"un documento", "a document"},
	"type_sticker":     {"un sticker", "a sticker"},
	"type_location":    {"una ubicación", "a location"},
	"type_contacts":    {"un contacto", "a contact"},
	"type_reaction":    {"una reacción", "a reaction"},
	"type_unsupported": {"algo que WhatsApp no transmite", "something WhatsApp does not pass on"},
	"sent_a":           {"Ha enviado", "Sent"},

	"why_title":    {"Por qué dijo eso", "Why it said that"},
	"why_lead":     {"Cada turno con lo que había, lo que se comprobó y la regla que decidió.", "Every turn with what there was, what was checked, and the rule that decided."},
	"why_empty":    {"Todavía no se ha decidido nada aquí.", "Nothing has been decided here yet."},
	"why_earlier":  {"Hay decisiones anteriores; la API las da todas.", "There are earlier decisions; the API gives them all."},
	"said":         {"El cliente escribió", "The customer wrote"},
	"told":         {"Se le dijo", "They were told"},
	"silent":       {"No se le dijo nada.", "They were told nothing."},
	"not_sent":     {"Borrador", "Draft"},
	"searched":     {"Se buscó", "Searched for"},
	"passages":     {"Pasajes", "Passages"},
	"no_passages":  {"No se llegó a buscar.", "Nothing was searched."},
	"cited":        {"citado", "cited"},
	"dense":        {"significado", "meaning"},
	"lexical":      {"palabras", "words"},
	"fused":        {"total", "fused"},
	"version":      {"versión", "version"},
	"candidates":   {"candidatos", "candidates"},
	"checks":       {"Comprobaciones", "Checks"},
	"passed":       {"se cumple", "passed"},
	"failed":       {"no se cumple", "failed"},
	"score":        {"Partes de la confianza", "Parts of the confidence"},
	"stages":       {"Tiempos", "Times"},
	"settings":     {"Configuración", "Configuration"},
	"model":        {"modelo", "model"},
	"tokens":       {"tokens de entrada / salida", "tokens in / out"},
	"calibration":  {"calibración", "calibration"},
	"config":       {"huella", "hash"},
	"attempt":      {"intento", "attempt"},
	"raw":          {"El registro completo", "The full record"},
	"not_theirs":   {"Nombró pedidos que no son suyos o no existen", "Named orders that are not theirs or don't exist"},
	"orders_away":  {"Los pedidos no se pudieron leer.", "The orders could not be read."},
	"orders_known": {"Pedidos a la vista", "Orders in view"},

	"outcome_committed":  {"hecho", "done"},
	"outcome_superseded": {"adelantado por otro mensaje", "overtaken by a newer message"},
	"outcome_human_owns": {"una persona tomó el relevo", "a person took over"},
	"outcome_failed":     {"fallido, se reintenta", "failed, tried again"},

	"rule_confidence_reply":   {"Respondió: la confianza llegó al umbral.", "Answered: the confidence reached the threshold."},
	"rule_confidence_handoff": {"Pasó a una persona: la confianza no llegó al umbral.", "Handed off: the confidence stayed below the threshold."},
	"rule_triage":             {"Pasó a una persona por lo que escribió el cliente; esta regla no se puntúa.", "Handed off because of what the customer wrote; this rule is not scored."},
	"rule_model_abstained":    {"Pasó a una persona: con esos documentos no había respuesta.", "Handed off: these documents hold no answer."},
	"rule_checks":             {"Pasó a una persona: el borrador no pasó una comprobación.", "Handed off: the draft failed a check."},
	"rule_small_talk":         {"Respondió a un saludo.", "Answered a greeting."},
	"rule_human_owns":         {"Calló: la conversación la lleva una persona.", "Stayed silent: a person has the conversation."},
	"rule_echo":               {"Calló: una persona contestó desde el teléfono.", "Stayed silent: a person answered from the phone app."},
	"rule_service_window":     {"Pasó a una persona: la ventana de 24 horas estaba cerrada.", "Handed off: the 24-hour window was closed."},
	"rule_attempts":           {"Pasó a una persona tras varios intentos.", "Handed off after several attempts."},
	"rule_unreadable":         {"Pidió texto: el mensaje no se puede leer.", "Asked for text: the message can't be read."},
	"rule_unreadable_again":   {"Pasó a una persona: llegó otro mensaje que no se puede leer.", "Handed off: another message that can't be read."},
	"rule_reaction":           {"Calló: una reacción no pide respuesta.", "Stayed silent: a reaction wants no answer."},
	"rule_orders_unavailable": {"Pasó a una persona: los pedidos no se pudieron leer.", "Handed off: the orders could not be read."},
	"rule_unexpected":         {"Lo decidió otra regla", "Another rule decided"},
	"rule_answer_error":       {"Pasó a una persona: no se pudo preparar una respuesta.", "Handed off: no answer could be made."},

	"check_citations": {"Cita sus fuentes", "Cites its sources"},
	"check_numbers":   {"Las cifras tienen respaldo", "Figures are backed"},
	"check_orders":    {"Los pedidos son del cliente", "Orders are the customer's"},
	"check_actions":   {"No promete acciones sin respaldo", "Claims no action without backing"},
	"check_length":    {"Tiene una longitud razonable", "Is of a sensible length"},
	"check_language":  {"En el idioma del cliente", "In the customer's language"},

	"part_order":            {"habla de un pedido", "about an order"},
	"part_small_talk":       {"es un saludo", "small talk"},
	"part_dense":            {"parecido de significado", "closeness in meaning"},
	"part_dense_margin":     {"ventaja de significado", "lead in meaning"},
	"part_lexical_per_word": {"palabras en común", "words in common"},
	"part_lexical_margin":   {"ventaja en palabras", "lead in words"},
	"part_agree":            {"significado y palabras coinciden", "meaning and words agree"},
	"part_coverage":         {"pregunta cubierta", "question covered"},
	"part_unknown":          {"palabras que no aparecen", "words found nowhere"},
	"part_asked":            {"nombra un pedido suyo", "names an own order"},
	"part_faq":              {"parecido con una pregunta frecuente", "closeness to an FAQ question"},
	"part_support":          {"respaldo que ve el modelo", "backing the model sees"},
	"part_words":            {"longitud de la pregunta", "length of the question"},
	"part_checks":           {"comprobaciones pasadas", "checks passed"},

	"stage_orders":   {"pedidos", "orders"},
	"stage_rewrite":  {"reformular", "rewrite"},
	"stage_retrieve": {"buscar", "retrieve"},
	"stage_prompt":   {"instrucciones", "prompt"},
	"stage_complete": {"redactar", "complete"},
	"stage_ground":   {"comprobar", "ground"},
	"stage_score":    {"puntuar", "score"},
	"stage_turn":     {"todo el turno", "whole turn"},
}

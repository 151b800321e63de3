package cloudsim

// text is one phrase of the page in both languages.
type text struct{ es, en string }

// phrase gives a phrase that has to exist; a test holds that all do that the
// template asks for.
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

// phrases are all words of the page.
var phrases = map[string]text{
	"phone_of":   {"El teléfono de", "The phone of"},
	"about":      {"Escribe como si fueras cliente: cada mensaje llega a la tienda igual que si viniera de WhatsApp.", "Write as if you were the customer: each message reaches the shop just as if it came from WhatsApp."},
	"emulated":   {"WhatsApp está emulado: no se envía ningún mensaje real.", "WhatsApp is emulated: no real message is sent."},
	"customers":  {"Clientes", "Customers"},
	"switch":     {"Cambiar de cliente o de idioma", "Switch customer or language"},
	"other":      {"English", "Español"},
	"other_code": {"en", "es"},
	"unread":     {"sin leer", "unread"},
	"skip":       {"Saltar al mensaje", "Skip to the message"},

	"online":  {"en línea", "online"},
	"typing":  {"escribiendo…", "typing…"},
	"offline": {"sin conexión: se actualizará al volver", "offline: it catches up when it is back"},

	"chat":        {"Conversación con", "Chat with"},
	"today":       {"Hoy", "Today"},
	"yesterday":   {"Ayer", "Yesterday"},
	"fresh_title": {"Pregunta lo que quieras", "Ask away"},
	"fresh_text":  {"Toca una de estas preguntas o escribe la tuya.", "Tap one of these questions or write your own."},
	"you":         {"Tú", "You"},
	"sent":        {"enviado", "sent"},
	"delivered":   {"entregado", "delivered"},
	"read":        {"leído", "read"},

	"image":    {"Foto", "Photo"},
	"video":    {"Vídeo", "Video"},
	"audio":    {"Audio", "Audio"},
	"document": {"Documento", "Document"},
	"sticker":  {"Pegatina", "Sticker"},
	"location": {"Ubicación", "Location"},
	"contacts": {"Contacto", "Contact"},
	"order":    {"Pedido", "Order"},
	"voice":    {"Nota de voz", "Voice note"},

	"unsupported": {"Este mensaje no se puede mostrar", "This message can't be shown"},
	"revoked":     {"Mensaje eliminado", "Message deleted"},
	"edited":      {"editado", "edited"},

	"forwarded": {"Reenviado", "Forwarded"},

	"forward":       {"Reenviar a la tienda", "Forward to the shop"},
	"order_sample":  {"Enviar un pedido de catálogo", "Send a catalogue order"},
	"poll":          {"Enviar una encuesta (no admitida)", "Send a poll (unsupported)"},
	"new_number":    {"Nuevo número", "New number"},
	"change_number": {"Cambiar de número", "Change the number"},
	"new_phone":     {"Reinstalar WhatsApp", "Reinstall WhatsApp"},
	"block":         {"Bloquear a la tienda", "Block the shop"},
	"unblock":       {"Desbloquear a la tienda", "Unblock the shop"},
	"stop":          {"No recibir más promociones", "Stop promotions"},
	"resume":        {"Volver a recibir promociones", "Receive promotions again"},

	"more":           {"Responder, reaccionar y más", "Reply, react and more"},
	"react":          {"Reaccionar con", "React with"},
	"unreact":        {"Quitar la reacción", "Remove the reaction"},
	"reply":          {"Responder", "Reply"},
	"reply_to":       {"Respondes a:", "Replying to:"},
	"edit":           {"Editar", "Edit"},
	"editing":        {"Editas:", "Editing:"},
	"revoke":         {"Eliminar para todos", "Delete for everyone"},
	"cancel":         {"Cancelar", "Cancel"},
	"flow_answer":    {"Tu respuesta", "Your answer"},
	"share_contact":  {"Compartir mi número", "Share my number"},
	"share_location": {"Compartir mi ubicación", "Share my location"},

	"attach":        {"Adjuntar", "Attach"},
	"file":          {"Foto, vídeo, audio o documento", "Photo, video, audio or document"},
	"caption":       {"Texto que lo acompaña", "Caption"},
	"send_file":     {"Enviar el archivo", "Send the file"},
	"latitude":      {"Latitud", "Latitude"},
	"longitude":     {"Longitud", "Longitude"},
	"place":         {"Nombre del lugar", "Name of the place"},
	"send_location": {"Enviar la ubicación", "Send the location"},
	"name":          {"Nombre", "Name"},
	"phone":         {"Teléfono", "Phone"},
	"send_contact":  {"Enviar el contacto", "Send the contact"},

	"suggestions": {"Preguntas de ejemplo", "Example questions"},
	"message":     {"Mensaje", "Message"},
	"send":        {"Enviar", "Send"},
	"photo":       {"Enviar una foto de ejemplo", "Send a sample photo"},
	"not_sent":    {"No se ha enviado. Comprueba que Recado sigue en marcha y vuelve a intentarlo.", "Not sent. Check that Recado is still running and try again."},
	"too_long":    {"El mensaje es demasiado largo: caben 4096 caracteres.", "The message is too long: 4096 characters fit."},

	"no_file":    {"No se ha enviado: elige un archivo de hasta 100 MB.", "Not sent: choose a file of up to 100 MB."},
	"no_place":   {"No se ha enviado: la latitud va de -90 a 90 y la longitud de -180 a 180.", "Not sent: latitude goes from -90 to 90 and longitude from -180 to 180."},
	"taken":      {"No se ha cambiado: ese número ya es de otro cliente.", "Not changed: another customer has this number."},
	"blocking":   {"No se ha enviado: has bloqueado a la tienda. Desbloquéala desde «+» para escribirle.", "Not sent: you have blocked the shop. Unblock it from “+” to write to it."},
	"no_contact": {"No se ha enviado: falta el número de teléfono.", "Not sent: the phone number is missing."},

	"problem_title":        {"No se puede", "That can't be done"},
	"problem_not_found":    {"Aquí no hay nada. Puede que la dirección esté mal escrita o que Recado se haya reiniciado.", "There is nothing here. The address may be mistyped, or Recado was restarted."},
	"problem_request":      {"La página ha enviado algo que no se entiende. Vuelve atrás y recárgala.", "The page sent something that can't be understood. Go back and reload it."},
	"problem_cross_origin": {"La petición viene de otro sitio web y se ha rechazado. Ábrelo desde esta página.", "The request came from another site and was refused. Do it from this page."},
	"problem_internal":     {"Algo ha fallado. Inténtalo otra vez; los detalles están en el registro.", "Something went wrong. Try again; the log has the details."},
	"back":                 {"Volver al teléfono", "Back to the phone"},
}

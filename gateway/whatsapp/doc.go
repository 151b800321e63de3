// Package whatsapp is the adapter between the gateway and the WhatsApp Cloud
// API: [Webhook] takes events in, [Client] sends messages out and fetches customers'
// files, [Account] reads what the channel says of the business.
//
// # In
//
// A webhook is checked over its raw bytes, read by [Parse], and handed on whole.
// Parse is pure and forgiving: the channel adds fields and types without notice,
// leaves out what its documentation promises, and sends a number where it sent a
// string yesterday. Whatever can't be read is kept as it came, item by item, so
// that one bad item never costs its neighbours, and the channel hears 200: it
// would send the same bytes again for days otherwise.
//
// # Out
//
// [Client.Send] makes one attempt and says what is known of it. The channel has
// no idempotency key, so the question that matters is whether it may have taken
// the message: only when it surely did not is trying again free of the risk of
// saying the same thing twice. The rulings by error code are a table, in
// rulings.go.
//
// Titles that are too long are cut and kept apart, since one of them has the channel
// refuse the whole message. A file of ours is uploaded first, which never leaves an
// outcome open.
//
// # Privacy
//
// Message ids hold the customer's number in disguise. Neither they nor numbers,
// names or texts reach a log, a metric or an error text here; nor does anything
// the channel says in its error details, which repeat them: those are data, for
// people to see.
package whatsapp

package cloudsim_test

import (
	"encoding/base64"
	"testing"
)

// stage lets a customer and the shop say one of each kind to the other.
func stage(w *world, t *testing.T) (image, tune string) {
	t.Helper()
	act := func(rest string) string { return w.act(`{"customer":"` + lucia + `",` + rest + `}`) }
	send := func(kind, part string) {
		t.Helper()
		if code := w.send(kind, part); code != 0 {
			t.Errorf("%s %s: %d", kind, part, code)
		}
	}
	asked := act(`"type":"text","text":"Hola, ¿tenéis estas *botas* en el 39?"`)
	act(`"type":"image","data":"` + base64.StdEncoding.EncodeToString(drawn(t)) + `","text":"Son estas"`)
	send("text", `{"body":"Sí, quedan *dos pares*.\n- Marrón\n- Negro\n\nFuente: Existencias"}`)
	send("reaction", `{"message_id":"`+asked+`","emoji":"👍"}`)
	send("interactive", `{"type":"button","header":{"type":"text","text":"Ayuda"},"body":{"text":"¿Te las apartamos?"},"footer":{"text":"Tienda Nogal"},"action":{"buttons":[{"type":"reply","reply":{"id":"yes","title":"Sí"}},{"type":"reply","reply":{"id":"no","title":"No, gracias"}}]}}`)
	send("interactive", `{"type":"list","body":{"text":"Elige una talla"},"action":{"button":"Ver tallas","sections":[{"title":"Marrón","rows":[{"id":"m39","title":"39","description":"Queda un par"}]},{"title":"Negro","rows":[{"id":"n39","title":"39","description":"Queda un par"},{"id":"n40","title":"40"}]}]}}`)
	send("interactive", `{"type":"cta_url","body":{"text":"Tu pedido va de camino"},"action":{"name":"cta_url","parameters":{"display_text":"Seguir el envío","url":"https://shop.example/1"}}}`)
	image = w.uploadFile("image/png", drawn(t))
	send("image", `{"id":"`+image+`","caption":"Así quedan"}`)
	tune = w.uploadFile("audio/ogg", append([]byte("OggS"), make([]byte, 200)...))
	send("audio", `{"id":"`+tune+`","voice":true}`)
	send("video", `{"id":"`+w.uploadFile("video/mp4", make([]byte, 100))+`"}`)
	send("document", `{"id":"`+w.uploadFile("application/pdf", []byte("%PDF-1.7"))+`","filename":"factura.pdf"}`)
	send("location", `{"latitude":40.4168,"longitude":-3.7038,"name":"Tienda Nogal","address":"Calle Mayor 1"}`)
	send("contacts", `[{"name":{"formatted_name":"Marta Ruiz","first_name":"Marta"},"phones":[{"phone":"+34 600 55 01 33"}]}]`)
	send("interactive", `{"type":"location_request_message","body":{"text":"¿Dónde lo entregamos?"},"action":{"name":"send_location"}}`)
	send("interactive", `{"type":"request_contact_info","body":{"text":"¿A qué número llamamos?"},"action":{"name":"request_contact_info"}}`)
	send("interactive", `{"type":"flow","body":{"text":"Cuéntanos qué ha pasado"},"action":{"name":"flow","parameters":{"flow_message_version":"3","flow_id":"1","flow_cta":"Abrir parte","flow_token":"t"}}}`)
	send("template", template("csat", "es", ""))
	edited := act(`"type":"text","text":"Gracias"`)
	act(`"type":"edit","message_id":"` + edited + `","text":"Muchas gracias"`)
	act(`"type":"revoke","message_id":"` + act(`"type":"text","text":"ups"`) + `"`)
	act(`"type":"text","text":"Me llevo las marrones","reply_to":"` + asked + `"`)
	w.say(tom, "Hi!")
	return image, tune
}

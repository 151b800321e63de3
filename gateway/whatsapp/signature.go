package whatsapp

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"strings"
)

// SignatureHeader is the header that carries the signature of a webhook.
const SignatureHeader = "X-Hub-Signature-256"

// Sign gives the value of the signature header for a body: what the channel
// does, for tests and emulators.
func Sign(secret string, body []byte) string {
	return "sha256=" + hex.EncodeToString(mac(secret, body))
}

// verify tells whether the header is the signature of exactly these bytes with
// one of the secrets. Several are valid at once while a secret is replaced. All
// of them are tried, so that the time does not tell which one matched.
func verify(secrets []string, header string, body []byte) bool {
	digits, ok := strings.CutPrefix(header, "sha256=")
	got, err := hex.DecodeString(digits)
	if !ok || err != nil {
		return false
	}
	match := 0
	for _, secret := range secrets {
		match |= subtle.ConstantTimeCompare(got, mac(secret, body))
	}
	return match == 1
}

func mac(secret string, body []byte) []byte {
	h := hmac.New(sha256.New, []byte(secret))
	h.Write(body)
	return h.Sum(nil)
}

// sameSecret compares two strings in a time that depends on neither.
func sameSecret(a, b string) bool {
	x, y := sha256.Sum256([]byte(a)), sha256.Sum256([]byte(b))
	return subtle.ConstantTimeCompare(x[:], y[:]) == 1
}

package llm

import "errors"

// Reason gives why a call of Complete or Embed failed, in fixed words that name
// neither address nor key, such as "the connection was refused", and the HTTP
// status when the server answered with one. Of another error it gives nothing.
func Reason(err error) (words string, status int) {
	var f *failure
	if !errors.As(err, &f) {
		return "", 0
	}
	return f.what, f.status
}

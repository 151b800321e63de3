package evals

import (
	"encoding/json"
	"errors"
	"fmt"
)

// decodeRow reads a line of a data set. What is wrong with it is said in the words of
// whoever wrote the file, without its text.
func decodeRow(line []byte, into any) error {
	err := json.Unmarshal(line, into)
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	switch {
	case errors.As(err, &syntax), errors.As(err, &kind) && kind.Field == "":
		return errors.New("it is no JSON object")
	case kind != nil:
		return fmt.Errorf("%q can't be of the kind %q", kind.Field, kind.Value)
	}
	return err
}

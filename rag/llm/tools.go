package llm

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/sashabaranov/go-openai"

	"github.com/recado/recado/rag/action"
)

// maxActions is how many different actions one draft may ask for. A model that wants
// more goes round in circles.
const maxActions = 4

// toolCalls are the actions that an answer asks for by the protocol's own calls of
// tools, as some models do whatever form they were told of.
func toolCalls(answer openai.ChatCompletionResponse) ([]action.Call, error) {
	if len(answer.Choices) == 0 {
		return nil, nil
	}
	var calls []action.Call
	for _, tool := range answer.Choices[0].Message.ToolCalls {
		var c action.Call
		arguments := tool.Function.Arguments
		if arguments != "" && json.Unmarshal([]byte(arguments), &c) != nil {
			return nil, errors.New("the arguments of a tool that the model calls can't be read")
		}
		c.Kind = action.Kind(tool.Function.Name)
		calls = append(calls, c)
	}
	return join(nil, calls)
}

// join puts two lists of actions together: cleaned, each once, and only those of the
// catalog that a model may ask for.
func join(lists ...[]action.Call) ([]action.Call, error) {
	var kept []action.Call
	for _, c := range slices.Concat(lists...) {
		c.Order, c.Address, c.Reason, c.Items = clean(c.Order), clean(c.Address), clean(c.Reason), cleanList(c.Items)
		if _, ok := action.Find(c.Kind); !ok || c.Kind == action.SendCode {
			return nil, errors.New("the model asks for an action that there is none of")
		}
		if !slices.ContainsFunc(kept, func(k action.Call) bool { return sameCall(k, c) }) {
			kept = append(kept, c)
		}
	}
	if len(kept) > maxActions {
		return nil, fmt.Errorf("the model asks for more than %d actions at once", maxActions)
	}
	return kept, nil
}

func sameCall(a, b action.Call) bool {
	return a.Kind == b.Kind && a.Order == b.Order && a.Address == b.Address && a.Reason == b.Reason && slices.Equal(a.Items, b.Items)
}

package main

import (
	"cmp"
	"flag"
	"log/slog"

	"github.com/recado/recado/evals/cassette"
	"github.com/recado/recado/evals/simulate"
	"github.com/recado/recado/rag/llm"
)

// speakFlags say who plays the customers of cases that are played.
type speakFlags struct{ speaker string }

func (f *speakFlags) register(set *flag.FlagSet) {
	set.StringVar(&f.speaker, "speaker", "script", "who plays the customers of cases that are simulated: script, which needs no model, or model, which is that of RECADO_SIMULATE_MODEL")
}

func (f speakFlags) check() error {
	if f.speaker != "script" && f.speaker != "model" {
		return usagef("eval run: --speaker is script or model")
	}
	return nil
}

// cast gives who plays. What was recorded needs no server.
func (f speakFlags) cast(s settings, tape *cassette.Cassette, log *slog.Logger) (simulate.Cast, error) {
	if f.speaker != "model" {
		return simulate.Scripted{}, nil
	}
	name := cmp.Or(s.SimulateModel, s.ChatModel)
	if tape != nil && tape.Mode() == cassette.Replay {
		return simulate.Acted{Chat: tape.Speaker(recorded{name: name})}, nil
	}
	if !s.online() {
		return nil, usagef("--speaker model: there is no model server; set OPENAI_API_KEY or OPENAI_BASE_URL")
	}
	chat, err := llm.NewChat(llm.Config{APIKey: s.OpenAIKey, BaseURL: s.OpenAIBaseURL, Model: name, Logger: log})
	if err != nil {
		return nil, usagef("--speaker model: %v", err)
	}
	if tape != nil {
		return simulate.Acted{Chat: tape.Speaker(chat)}, nil
	}
	return simulate.Acted{Chat: chat}, nil
}

// recorded is a model of which only the recording is asked.
type recorded struct {
	simulate.Chat
	name string
}

// Name implements simulate.Chat.
func (r recorded) Name() string { return r.name }

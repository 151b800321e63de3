package main

import (
	"cmp"
	"log/slog"
	"math"
	"strconv"
	"strings"

	"github.com/recado/recado/rag"
	"github.com/recado/recado/rag/llm"
	"github.com/recado/recado/rag/offline"
)

// openModel gives the model that writes answers: the chat model alone, or with another
// one in its place when it fails or has become too dear. ledger counts what they cost; nil
// counts in this process alone.
func openModel(s settings, ledger llm.Ledger, log *slog.Logger) (rag.Model, error) {
	if !s.online() {
		return offline.NewModel(), nil
	}
	chat, err := llm.NewModel(llm.Config{APIKey: s.OpenAIKey, BaseURL: s.OpenAIBaseURL, Model: s.ChatModel, Logger: log})
	if err != nil {
		return nil, usagef("RECADO_CHAT_MODEL: %v", err)
	}
	rungs := []llm.Rung{{Model: chat, Price: s.Prices[s.ChatModel]}}
	if s.FallbackModel != "" {
		second, err := llm.NewModel(llm.Config{
			APIKey: cmp.Or(s.FallbackKey, s.OpenAIKey), BaseURL: cmp.Or(s.FallbackURL, s.OpenAIBaseURL), Model: s.FallbackModel, Logger: log,
		})
		if err != nil {
			return nil, usagef("RECADO_FALLBACK_MODEL: %v", err)
		}
		rungs = append(rungs, llm.Rung{Model: second, Price: s.Prices[s.FallbackModel]})
	}
	if len(rungs) == 1 && len(s.Prices) == 0 {
		return chat, nil
	}
	return s.ladder(rungs, ledger, log)
}

// modelName is what answers, as reports name it.
func (s settings) modelName() string {
	if !s.online() {
		return offline.NewModel().Name()
	}
	return s.ChatModel
}

func (s settings) ladder(rungs []llm.Rung, ledger llm.Ledger, log *slog.Logger) (rag.Model, error) {
	for _, r := range rungs {
		if _, ok := s.Prices[r.Model.Name()]; !ok && s.Budget != (llm.Budget{}) {
			return nil, usagef("RECADO_PRICES: a budget needs the price of %s, such as %[1]s=0.40/1.60", r.Model.Name())
		}
	}
	l, err := llm.NewLadder(llm.LadderConfig{
		Models: rungs, Budget: s.Budget, Passages: offline.NewModel(), Ledger: ledger, Zone: s.Zone, Logger: log,
	})
	if err != nil {
		return nil, usagef("RECADO_PRICES: %v", err)
	}
	return l, nil
}

// readPrices reads what models cost: name=input/output or name=input/output/cached, in
// money for a million tokens, with commas between models.
func readPrices(s *settings, v string) string {
	const wrong = "is not a list like gpt-4.1-mini=0.40/1.60/0.10, in money for a million tokens read, written, and read from the cache"
	if v == "" {
		return ""
	}
	s.Prices = map[string]llm.Price{}
	for part := range strings.SplitSeq(v, ",") {
		// A name may hold an equals sign, prices can't.
		at := strings.LastIndexByte(part, '=')
		if at < 1 {
			return wrong
		}
		var amounts [3]int64
		numbers := strings.Split(part[at+1:], "/")
		if len(numbers) < 2 || len(numbers) > len(amounts) {
			return wrong
		}
		for i, n := range numbers {
			micros, ok := readMoney(n)
			if !ok {
				return wrong
			}
			amounts[i] = micros
		}
		s.Prices[strings.TrimSpace(part[:at])] = llm.Price{Input: amounts[0], Output: amounts[1], Cached: amounts[2]}
	}
	return ""
}

// dearest is the most money that a setting may name.
const dearest = 1e6

// readMoney gives an amount in millionths.
func readMoney(text string) (micros int64, ok bool) {
	n, err := strconv.ParseFloat(strings.TrimSpace(text), 64)
	if err != nil || !(n >= 0 && n <= dearest) {
		return 0, false
	}
	return int64(math.Round(n * 1e6)), true
}

func readConversationBudget(s *settings, v string) string {
	return readBudget(&s.Budget.Conversation, v)
}

func readDayBudget(s *settings, v string) string { return readBudget(&s.Budget.Day, v) }

func readBudget(at *int64, v string) string {
	if v == "" {
		return ""
	}
	micros, ok := readMoney(v)
	if !ok || micros == 0 {
		return "is not an amount of money such as 0.05, in the currency of RECADO_PRICES"
	}
	*at = micros
	return ""
}

func readFallbackURL(s *settings, v string) string {
	s.FallbackURL = strings.TrimRight(v, "/")
	return wrongURL(v, "is not a URL like http://127.0.0.1:11434/v1", "http", "https")
}

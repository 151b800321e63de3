package runner_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/recado/recado/evals/runner"
	"github.com/recado/recado/evals/suite"
)

// bot is an endpoint that always answers the same.
func bot(t *testing.T, status int, answer string) runner.System {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		fmt.Fprint(w, answer)
	}))
	t.Cleanup(server.Close)
	system, err := runner.NewEndpoint(runner.EndpointConfig{URL: server.URL})
	if err != nil {
		t.Fatal(err)
	}
	return system
}

// What an endpoint does not tell is not held against it; what nobody could have read is.
func TestWhatAnEndpointAnswers(t *testing.T) {
	t.Parallel()
	all := suite.Expect{
		Decision: []string{"reply"}, Says: []suite.Fact{{"5 a 10 días"}}, Sources: []string{"refunds"}, Actions: []suite.Action{},
	}
	const refund = `{"replies":[{"text":"El reembolso tarda de 5 a 10 días hábiles."}]`
	tests := map[string]struct {
		expect  suite.Expect
		answer  string
		failed  []string
		skipped string
		fault   string
	}{
		"replies alone":         {all, refund + `}`, nil, "", ""},
		"the wrong reply":       {all, `{"replies":[{"text":"No lo sé, la verdad."}]}`, []string{"says"}, "", ""},
		"a decision":            {all, refund + `,"decision":"handoff"}`, []string{"decision"}, "", ""},
		"sources":               {all, refund + `,"sources":["shipping"]}`, []string{"sources"}, "", ""},
		"an action":             {all, refund + `,"actions":[{"kind":"cancel_order","order":"#1","outcome":"done"}]}`, []string{"actions"}, "", ""},
		"nothing that is asked": {suite.Expect{Decision: []string{"reply"}}, refund + `}`, nil, "it tells nothing of what is expected here (actions, decision, found, reason, sources)", ""},
		"a page":                {all, `<html>`, []string{"endpoint"}, "", "no JSON"},
		"a list":                {all, `[]`, []string{"endpoint"}, "", "a JSON array in place of an object"},
		"texts as replies":      {all, `{"replies":["Hola"]}`, []string{"endpoint"}, "", "`replies` can't be a string"},
		"no replies":            {all, `{"answer":"Hola"}`, []string{"endpoint"}, "", "no `replies`"},
		"an own word":           {all, refund + `,"decision":"answer"}`, []string{"endpoint"}, "", "none of reply, clarify"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := one(test.expect)
			run, err := runner.Run(t.Context(), runner.Config{Suite: s, System: bot(t, http.StatusOK, test.answer)})
			if err != nil {
				t.Fatal(err)
			}
			r := run.Results[0]
			var failed []string
			for _, step := range r.Steps {
				for _, c := range step.Checks {
					if !c.OK {
						failed = append(failed, c.Name)
					}
					if c.Name == "endpoint" && !strings.Contains(c.Got, test.fault) {
						t.Errorf("the fault is %q", c.Got)
					}
				}
			}
			if !cmp.Equal(failed, test.failed) || r.Outage != "" || !strings.Contains(r.Skipped, test.skipped) || (r.Skipped != "") != (test.skipped != "") {
				t.Errorf("%v failed, skipped %q, outage %q", failed, r.Skipped, r.Outage)
			}
		})
	}
}

func TestHowAnEndpointRefuses(t *testing.T) {
	t.Parallel()
	s := one(suite.Expect{Says: []suite.Fact{{"5 a 10 días"}}})
	for status, want := range map[int]string{
		http.StatusBadGateway: "outage", http.StatusTooManyRequests: "outage", http.StatusUnauthorized: "end", http.StatusNotFound: "end", http.StatusBadRequest: "failure",
	} {
		got := "failure"
		run, err := runner.Run(t.Context(), runner.Config{Suite: s, System: bot(t, status, `{"replies":[]}`)})
		switch {
		case errors.Is(err, runner.ErrRefused):
			got = "end"
		case run.Results[0].Outage != "":
			got = "outage"
		}
		if got != want {
			t.Errorf("status %d is a %s, want %s: %v", status, got, want, err)
		}
	}
}

func TestAnEndpointThatIsSlow(t *testing.T) {
	t.Parallel()
	asked := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-asked }))
	defer server.Close()
	defer close(asked)
	system, err := runner.NewEndpoint(runner.EndpointConfig{URL: server.URL, HTTP: &http.Client{Timeout: 50 * time.Millisecond}})
	if err != nil {
		t.Fatal(err)
	}
	run, err := runner.Run(t.Context(), runner.Config{Suite: one(suite.Expect{Says: []suite.Fact{{"5"}}}), System: system})
	if err != nil || !strings.Contains(run.Results[0].Outage, "did not answer in time") {
		t.Errorf("%+v, %v", run.Results, err)
	}
}

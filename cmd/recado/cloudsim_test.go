package main

import (
	"bufio"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// TestCloudsimAlone starts the emulator as somebody would who tests another
// program, and plays that program by what it prints.
func TestCloudsimAlone(t *testing.T) {
	t.Parallel()
	came := make(chan string, 10)
	shop := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodGet {
			_, _ = io.WriteString(w, r.URL.Query().Get("hub.challenge"))
			return
		}
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		came <- string(body)
	}))
	t.Cleanup(shop.Close)
	set := startCloudsim(t, "--listen", "127.0.0.1:0", "--webhook-url", shop.URL, "--access-token", "a-token", "--waba-id", "777", "--customer", "34600550101=Lucía")
	base := strings.TrimSuffix(set["WHATSAPP_API_URL"], "/v25.0")
	if set["WHATSAPP_ACCESS_TOKEN"] != "a-token" || set["WHATSAPP_BUSINESS_ACCOUNT_ID"] != "777" || len(set["WHATSAPP_APP_SECRET"]) < 20 {
		t.Errorf("settings %v", set)
	}
	answer, err := http.Post(base+"/control/say", "application/json", strings.NewReader(`{"phone":"34600550101","text":"hola"}`))
	if err != nil || answer.StatusCode != http.StatusOK {
		t.Fatal(answer, err)
	}
	answer.Body.Close()
	select {
	case body := <-came:
		if !strings.Contains(body, `"hola"`) || !strings.Contains(body, `"777"`) {
			t.Errorf("webhook %s", body)
		}
	case <-time.After(20 * time.Second):
		t.Fatal("no webhook came")
	}
	if page := fetch(t, base+"/phone/"); !strings.Contains(page, "Lucía") {
		t.Error("the customer has no phone")
	}
	if help := fetch(t, base+"/control/"); !strings.Contains(help, "POST /control/faults") {
		t.Error("the control API explains nothing")
	}
}

// startCloudsim runs the command until the test ends and gives the settings that it
// prints.
func startCloudsim(t *testing.T, flags ...string) map[string]string {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	out, w := io.Pipe()
	done := make(chan int, 1)
	go func() {
		done <- run(ctx, console{in: strings.NewReader(""), out: w, err: io.Discard, env: func(string) string { return "" }}, append([]string{"cloudsim"}, flags...))
		w.Close()
	}()
	t.Cleanup(func() {
		cancel()
		if code := <-done; code != exitOK {
			t.Errorf("the emulator ended with status %d", code)
		}
	})
	set := map[string]string{}
	for lines := bufio.NewScanner(out); lines.Scan() && !strings.Contains(lines.Text(), "Ctrl-C"); {
		if name, value, found := strings.Cut(strings.TrimSpace(lines.Text()), "="); found && strings.HasPrefix(name, "WHATSAPP_") {
			set[name] = value
		}
	}
	go func() { _, _ = io.Copy(io.Discard, out) }()
	return set
}

func TestCloudsimRefusesWhatItCantBe(t *testing.T) {
	t.Parallel()
	for flags, want := range map[string]string{
		"--listen 0.0.0.0:8090":            "--allow-remote",
		"--listen here":                    "not an address",
		"--webhook-url /x":                 "WebhookURL",
		"--phone-number-id me":             "PhoneNumberID",
		"--waba-id me":                     "AccountID",
		"--public-url x":                   "--public-url",
		"--customer =x":                    "PHONE=NAME",
		"--seed x":                         "seed",
		"now":                              "only flags",
		"--customer 1=a --customer +1=b":   "of their own",
		"--listen 127.0.0.1:0 --no-such=1": "no-such",
	} {
		var told strings.Builder
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		args := strings.Fields(flags)
		if !strings.Contains(flags, "--listen") {
			args = append(args, "--listen", "127.0.0.1:0")
		}
		code := run(ctx, console{out: io.Discard, err: &told, env: func(string) string { return "" }}, append([]string{"cloudsim"}, args...))
		cancel()
		if code != exitUsage || !strings.Contains(told.String(), want) {
			t.Errorf("%s: status %d, %q", flags, code, told.String())
		}
	}
}

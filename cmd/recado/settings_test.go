package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/recado/recado/rag/llm"
)

// tell runs a command with an environment and gives its status and what it wrote.
func tell(t *testing.T, env map[string]string, args ...string) (code int, out, errs string) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	c := console{in: strings.NewReader(""), out: &stdout, err: &stderr, env: func(k string) string { return env[k] }}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	code = run(ctx, c, args)
	return code, stdout.String(), stderr.String()
}

// complete is an environment that serve would start with.
func complete(t *testing.T) map[string]string {
	return map[string]string{
		"RECADO_LISTEN": "127.0.0.1:0", "RECADO_DATA": t.TempDir(), "WHATSAPP_APP_SECRET": "s", "WHATSAPP_VERIFY_TOKEN": "v",
		"WHATSAPP_ACCESS_TOKEN": "t", "WHATSAPP_PHONE_NUMBER_ID": "1",
	}
}

// TestWrongSettings: a wrong or missing value is one line that names the variable
// and never repeats the value, and the status is 2.
func TestWrongSettings(t *testing.T) {
	t.Parallel()
	for variable, value := range map[string]string{
		"RECADO_LISTEN":            "s3cret-nonsense",
		"RECADO_PUBLIC_URL":        "s3cret-nonsense",
		"DATABASE_URL":             "mysql://root:s3cret@host/db",
		"REDIS_URL":                "http://s3cret",
		"WHATSAPP_APP_SECRET":      " , ,",
		"WHATSAPP_API_URL":         "https://graph.facebook.com/s3cret",
		"OPENAI_BASE_URL":          "localhost:11434/s3cret",
		"RECADO_EMBEDDING_DIM":     "s3cret",
		"RECADO_ACTIONS":           "/nowhere/s3cret.yaml",
		"RECADO_CODE_KEY":          "s3cret",
		"RECADO_AUDIT_SHARE":       "s3cret",
		"RECADO_ORDERS_TIMEOUT":    "5ms s3cret",
		"RECADO_FALLBACK_URL":      "s3cret",
		"RECADO_PRICES":            "s3cret=1",
		"RECADO_BUDGET_DAY":        "-1 s3cret",
		"RECADO_QUIET_PERIOD":      "2 s3cret",
		"RECADO_CALIBRATION":       "/nowhere/at-all.json",
		"WHATSAPP_ACCESS_TOKEN":    "",
		"WHATSAPP_PHONE_NUMBER_ID": "s3cret",
	} {
		env := complete(t)
		env[variable] = value
		code, _, errs := tell(t, env, "serve")
		if code != exitUsage || !strings.Contains(errs, variable) || strings.Count(errs, "\n") != 1 || strings.Contains(errs, "s3cret") {
			t.Errorf("%s=%q: status %d, %q", variable, value, code, errs)
		}
	}
}

// TestUnusableDatabase: one line that names the variable, nothing of its value, and
// status 2, whatever the command.
func TestUnusableDatabase(t *testing.T) {
	t.Parallel()
	blocked := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(blocked, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for variable, value := range map[string]string{
		"DATABASE_URL": "postgres://s3cret:s3cret@127.0.0.1:1/s3cret", "RECADO_DATA": filepath.Join(blocked, "s3cret"),
	} {
		for _, args := range [][]string{{"serve"}, {"migrate"}, {"ingest", "."}, {"ask", "hola"}, {"user", "remove", "ana"}} {
			env := complete(t)
			env[variable] = value
			code, _, errs := tell(t, env, args...)
			if code != exitUsage || !strings.Contains(errs, variable) || strings.Count(errs, "\n") != 1 || strings.Contains(errs, "s3cret") {
				t.Errorf("recado %q with %s: status %d, %q", args, variable, code, errs)
			}
		}
	}
}

// TestFlagsWinOverTheEnvironment, and a wrong flag is named as such.
func TestFlagsWinOverTheEnvironment(t *testing.T) {
	t.Parallel()
	env := map[string]string{"RECADO_QUIET_PERIOD": "2s", "RECADO_CHAT_MODEL": "from-env"}
	c := console{out: &bytes.Buffer{}, env: func(k string) string { return env[k] }}
	s, words, err := loadSettings(c, "ask", []string{"--quiet-period", "3s", "how", "--chat-model=from-flag", "long"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if s.QuietPeriod != 3*time.Second || s.ChatModel != "from-flag" || strings.Join(words, " ") != "how long" {
		t.Errorf("quiet %v, model %q, words %q", s.QuietPeriod, s.ChatModel, words)
	}
	if _, _, err := loadSettings(c, "ask", []string{"--quiet-period", "soon"}, nil); err == nil || !strings.Contains(err.Error(), "--quiet-period (RECADO_QUIET_PERIOD)") {
		t.Errorf("a wrong flag: %v", err)
	}
	if code, _, errs := tell(t, nil, "serve", "--no-such-flag"); code != exitUsage || strings.Count(errs, "\n") != 1 {
		t.Errorf("an unknown flag: %d, %q", code, errs)
	}
}

// TestPrices: money is read in millionths, and a budget is refused where a model has no
// price, because nothing would be counted.
func TestPrices(t *testing.T) {
	t.Parallel()
	env := map[string]string{
		"RECADO_PRICES": "gpt-4.1-mini=0.40/1.60/0.10, a=b=1/2", "RECADO_BUDGET_DAY": "20", "RECADO_BUDGET_CONVERSATION": "0.05",
		"OPENAI_BASE_URL": "http://127.0.0.1:1/v1", "RECADO_FALLBACK_MODEL": "a=b",
	}
	c := console{out: &bytes.Buffer{}, env: func(k string) string { return env[k] }}
	s, _, err := loadSettings(c, "ask", nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]llm.Price{"gpt-4.1-mini": {Input: 400_000, Output: 1_600_000, Cached: 100_000}, "a=b": {Input: 1_000_000, Output: 2_000_000}}
	if diff := cmp.Diff(want, s.Prices); diff != "" {
		t.Error(diff)
	}
	if s.Budget != (llm.Budget{Conversation: 50_000, Day: 20_000_000}) {
		t.Errorf("budget %+v", s.Budget)
	}
	if m, err := openModel(s, nil, nil); err != nil || m.Name() != "gpt-4.1-mini+a=b" {
		t.Errorf("%v, %v", m, err)
	}
	s.FallbackModel = "free"
	if _, err := openModel(s, nil, nil); err == nil || !strings.Contains(err.Error(), "RECADO_PRICES") {
		t.Errorf("a budget without a price: %v", err)
	}
	s.Prices, s.Budget, s.FallbackModel = nil, llm.Budget{}, ""
	if m, err := openModel(s, nil, nil); err != nil || m.Name() != "gpt-4.1-mini" {
		t.Errorf("one model alone: %v, %v", m, err)
	}
}

// TestDangerousStart: without a secret only this machine may reach the webhook.
func TestDangerousStart(t *testing.T) {
	t.Parallel()
	for _, address := range []string{"0.0.0.0:0", ":0", "192.0.2.7:0", "[::]:0"} {
		env := complete(t)
		env["RECADO_LISTEN"], env["WHATSAPP_APP_SECRET"] = address, ""
		if code, _, errs := tell(t, env, "serve"); code != exitUsage || !strings.Contains(errs, "WHATSAPP_APP_SECRET") {
			t.Errorf("%s without a secret: %d, %q", address, code, errs)
		}
	}
	env := complete(t)
	env["RECADO_PUBLIC_URL"], env["WHATSAPP_APP_SECRET"] = "https://desk.example.com", ""
	if code, _, errs := tell(t, env, "serve"); code != exitUsage || !strings.Contains(errs, "WHATSAPP_APP_SECRET") {
		t.Errorf("behind a proxy without a secret: %d, %q", code, errs)
	}
	if code, _, errs := tell(t, nil, "demo", "--listen", "0.0.0.0:0"); code != exitUsage || !strings.Contains(errs, "127.0.0.1") {
		t.Errorf("a demo for everybody: %d, %q", code, errs)
	}
}

// TestSettingsAreDocumented: the table in docs/operations.md, the example for the
// containers and the program name the same variables.
func TestSettingsAreDocumented(t *testing.T) {
	t.Parallel()
	docs, err := os.ReadFile("../../docs/operations.md")
	if err != nil {
		t.Fatal(err)
	}
	example, err := os.ReadFile("../../.env.example")
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range table() {
		if !bytes.Contains(docs, []byte("`"+row.env+"`")) || !bytes.Contains(docs, []byte("`--"+row.flag+"`")) {
			t.Errorf("docs/operations.md does not explain %s and --%s", row.env, row.flag)
		}
		if !bytes.Contains(example, []byte(row.env+"=")) {
			t.Errorf(".env.example does not have %s", row.env)
		}
	}
}

func TestCommandLine(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		args []string
		code int
		want string
	}{
		{nil, exitUsage, "Usage: recado COMMAND"},
		{[]string{"help"}, exitOK, "recado COMMAND --help"},
		{[]string{"dance"}, exitUsage, `no command "dance"`},
		{[]string{"version"}, exitOK, "recado "},
		{[]string{"serve", "--help"}, exitOK, "whatsapp-app-secret"},
		{[]string{"serve", "now"}, exitUsage, "no arguments"},
		{[]string{"ingest"}, exitUsage, "at least one PATH"},
		{[]string{"orders"}, exitUsage, "recado orders import FILE"},
		{[]string{"orders", "import", "/nowhere/orders.json"}, exitFailed, "can't be opened"},
		{[]string{"ask"}, exitUsage, "recado ask"},
		{[]string{"user", "add"}, exitUsage, "recado user add NAME"},
		{[]string{"health", "--url", "http://127.0.0.1:1/healthz"}, exitFailed, "does not answer"},
		{[]string{"eval", "guess"}, exitUsage, "recado eval --help"},
	} {
		code, out, errs := tell(t, map[string]string{"RECADO_DATA": t.TempDir()}, tt.args...)
		if code != tt.code || !strings.Contains(out+errs, tt.want) {
			t.Errorf("recado %q: status %d, %q", tt.args, code, out+errs)
		}
	}
}

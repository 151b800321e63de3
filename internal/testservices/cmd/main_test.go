//go:build unix

package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/recado/recado/internal/testservices"
)

func TestUsageIsShownForAnythingElse(t *testing.T) {
	for _, args := range [][]string{nil, {"start"}, {"run"}, {"run", "--"}, {"run", "true", "x"}, {"up", "now"}} {
		var stderr bytes.Buffer
		if code := dispatch(t.Context(), args, &bytes.Buffer{}, &stderr); code != 2 || !strings.Contains(stderr.String(), "usage:") {
			t.Errorf("%q: code %d and %q, want 2 and the usage", args, code, stderr.String())
		}
	}
}

func TestRunUsesNamedServersAndPassesTheExitCodeOn(t *testing.T) {
	t.Setenv(testservices.DatabaseURLVar, "postgres://named.example/db")
	t.Setenv(testservices.RedisURLVar, "redis://named.example/0")
	seen := filepath.Join(t.TempDir(), "seen")
	script := "echo $" + testservices.DatabaseURLVar + " $" + testservices.RequireVar + " >'" + seen + "'; exit 7"
	code := dispatch(t.Context(), []string{"run", "--", "sh", "-c", script}, &bytes.Buffer{}, &bytes.Buffer{})
	if code != 7 {
		t.Errorf("code %d, want the command's 7", code)
	}
	if got, err := os.ReadFile(seen); err != nil || string(got) != "postgres://named.example/db 1\n" {
		t.Errorf("the command saw %q (%v)", got, err)
	}
}

func TestRunNamesACommandThatCannotStart(t *testing.T) {
	t.Setenv(testservices.DatabaseURLVar, "postgres://named.example/db")
	t.Setenv(testservices.RedisURLVar, "redis://named.example/0")
	var stderr bytes.Buffer
	code := dispatch(t.Context(), []string{"run", "--", "no-such-command-here"}, &bytes.Buffer{}, &stderr)
	if code != 1 || !strings.Contains(stderr.String(), "no-such-command-here") {
		t.Errorf("code %d and %q, want 1 and the command's name", code, stderr.String())
	}
}

func TestWithoutBackgroundServers(t *testing.T) {
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	t.Setenv("HOME", t.TempDir())
	var stderr bytes.Buffer
	if code := dispatch(t.Context(), []string{"env"}, &bytes.Buffer{}, &stderr); code != 1 || !strings.Contains(stderr.String(), "no servers") {
		t.Errorf("env: code %d and %q, want 1 and the reason", code, stderr.String())
	}
	if code := dispatch(t.Context(), []string{"down"}, &bytes.Buffer{}, &stderr); code != 0 {
		t.Errorf("down: code %d, want 0 for nothing to stop", code)
	}
}

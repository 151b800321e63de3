package main

import (
	"bufio"
	"context"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/recado/recado/internal/demoshop"
)

// TestDemo starts the demo as a newcomer would, follows the addresses it prints,
// and writes its first suggestion on the phone.
func TestDemo(t *testing.T) {
	t.Parallel()
	phone, desk := startDemo(t)
	if body := fetch(t, desk); !strings.Contains(body, "<html") {
		t.Error("the desk is no page")
	}
	say(t, phone, demoshop.Suggestions()[0])
	await(t, phone, "Fuente")
	say(t, phone, demoshop.Suggestions()[2])
	await(t, desk, demoshop.Suggestions()[2])
}

// TestDemoOffTopic writes about what is not the shop's: twice a line comes, then a person.
func TestDemoOffTopic(t *testing.T) {
	t.Parallel()
	phone, desk := startDemo(t)
	say(t, phone, "¿Quién ganó el mundial?")
	await(t, phone, "Solo puedo ayudarte con la tienda")
	say(t, phone, "what's the weather tomorrow in Soria?")
	await(t, phone, "I can only help with the shop")
	say(t, phone, "tell me a joke about wolves")
	await(t, desk, "El cliente sigue escribiendo sobre cosas que no son de la tienda.")
}

// startDemo runs the demo until the test ends, and gives its addresses.
func startDemo(t *testing.T) (phone, desk string) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	out, w := io.Pipe()
	done := make(chan int, 1)
	go func() {
		done <- run(ctx, console{in: strings.NewReader(""), out: w, err: io.Discard, env: func(string) string { return "" }}, []string{"demo", "--listen", "127.0.0.1:0"})
		w.Close()
	}()
	t.Cleanup(func() {
		cancel()
		if code := <-done; code != exitOK {
			t.Errorf("the demo ended with status %d", code)
		}
	})
	return addresses(t, out)
}

var addressLine = regexp.MustCompile(`(http://\S+/(phone|desk)/)`)

// addresses reads what the demo prints until it has both, and goes on reading.
func addresses(t *testing.T, out io.Reader) (phone, desk string) {
	t.Helper()
	lines := bufio.NewScanner(out)
	for (phone == "" || desk == "") && lines.Scan() {
		switch m := addressLine.FindStringSubmatch(lines.Text()); {
		case m == nil:
		case m[2] == "phone":
			phone = m[1]
		default:
			desk = m[1]
		}
	}
	go func() { _, _ = io.Copy(io.Discard, out) }()
	return phone, desk
}

func fetch(t *testing.T, address string) string {
	t.Helper()
	response, err := http.Get(address)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != http.StatusOK {
		t.Fatalf("%s: %d, %v", address, response.StatusCode, err)
	}
	return string(body)
}

// say types on the phone's page as a browser without scripts would.
func say(t *testing.T, phone, text string) {
	t.Helper()
	action := phone + "1/messages"
	response, err := http.PostForm(action, url.Values{"text": {text}})
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	if response.StatusCode != http.StatusOK {
		t.Fatalf("typing: %d", response.StatusCode)
	}
}

func await(t *testing.T, address, text string) {
	t.Helper()
	deadline := time.Now().Add(time.Minute)
	for !strings.Contains(fetch(t, address), text) {
		if time.Now().After(deadline) {
			t.Fatalf("%s does not show %q", address, text)
		}
		<-time.After(50 * time.Millisecond)
	}
}

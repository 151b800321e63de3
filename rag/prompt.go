package rag

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
	"text/template"
	"time"
)

//go:embed prompt/*.tmpl
var promptFiles embed.FS

// maxHistory bounds how much of the conversation a model sees.
const maxHistory = 8

// prompt writes the messages for models that read text. Its version is a hash
// of the templates, so that no edit goes unnoticed in a record.
type prompt struct {
	templates *template.Template
	version   string
}

func newPrompt() (*prompt, error) {
	functions := template.FuncMap{"line": oneLine}
	templates, err := template.New("").Funcs(functions).ParseFS(promptFiles, "prompt/*.tmpl")
	if err != nil {
		return nil, fmt.Errorf("rag: prompt: %w", err)
	}
	hash := sha256.New()
	for _, name := range []string{"prompt/system.tmpl", "prompt/user.tmpl"} {
		text, err := promptFiles.ReadFile(name)
		if err != nil {
			return nil, fmt.Errorf("rag: prompt: %w", err)
		}
		hash.Write(text)
	}
	return &prompt{templates: templates, version: hex.EncodeToString(hash.Sum(nil)[:4])}, nil
}

// promptData is what the templates see.
type promptData struct {
	Fence      string
	Language   string
	At         time.Time
	Passages   []Passage
	OrdersJSON string
	Question   string
}

// messages writes the system message, the latest of the conversation, and the
// question with its evidence. All that others wrote stands between fences that
// it can't contain.
func (p *prompt) messages(r Request) ([]PromptMessage, error) {
	orders, err := json.MarshalIndent(r.Orders, "", "  ")
	if err != nil {
		return nil, err
	}
	data := promptData{
		Fence: fence(r, orders), Language: languageName(r.Locale), At: r.At,
		Passages: r.Passages, OrdersJSON: string(orders), Question: r.Question,
	}
	system, err := p.execute("system.tmpl", data)
	if err != nil {
		return nil, err
	}
	user, err := p.execute("user.tmpl", data)
	if err != nil {
		return nil, err
	}
	messages := []PromptMessage{{Role: "system", Content: system}}
	for _, u := range r.History[max(0, len(r.History)-maxHistory):] {
		messages = append(messages, PromptMessage{Role: chatRole(u.Role), Content: u.Text})
	}
	return append(messages, PromptMessage{Role: "user", Content: user}), nil
}

func (p *prompt) execute(name string, data promptData) (string, error) {
	var out strings.Builder
	if err := p.templates.ExecuteTemplate(&out, name, data); err != nil {
		return "", err
	}
	return out.String(), nil
}

// fence is a word that the fenced content does not hold: it is derived from a
// hash over that content, so nobody can write it into a message or a document
// beforehand, and the same request gives the same prompt.
func fence(r Request, orders []byte) string {
	hash := sha256.New()
	write := func(s string) { hash.Write([]byte(s)) } // a hash never fails to write
	write(r.Question)
	for _, p := range r.Passages {
		write(p.ID + "\x00" + p.Title + "\x00" + p.Heading + "\x00" + p.Question + "\x00" + p.Text + "\x00")
	}
	for _, u := range r.History {
		write(u.Text + "\x00")
	}
	hash.Write(orders)
	return "DATA-" + hex.EncodeToString(hash.Sum(nil)[:6])
}

// oneLine keeps a title from starting a line of its own among the fields.
func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }

func languageName(locale string) string {
	if locale == english {
		return "English"
	}
	return "Spanish"
}

func chatRole(r Role) string {
	if r == RoleCustomer {
		return "user"
	}
	return "assistant"
}

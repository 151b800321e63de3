package cloudsim

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/recado/recado/internal/web"
)

const (
	maxPrefilled   = 140
	maxLinks       = 2000
	maxPrompts     = 4
	maxPrompt      = 80
	maxCommands    = 30
	maxCommand     = 32
	maxCommandHint = 256
)

// settings of the number: whether customers' identities are told and checked.
type numberSettings struct {
	Identity struct {
		Check bool `json:"enable_identity_key_check"`
	} `json:"user_identity_change"`
}

func (s *Simulator) showSettings(w http.ResponseWriter, _ *http.Request) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return web.WriteJSON(w, http.StatusOK, s.settings)
}

func (s *Simulator) setSettings(w http.ResponseWriter, r *http.Request) error {
	var settings numberSettings
	if err := web.ReadJSON(w, r, maxBody, &settings); err != nil {
		return errNotJSON
	}
	s.mu.Lock()
	s.settings = settings
	s.mu.Unlock()
	return web.WriteJSON(w, http.StatusOK, map[string]bool{"success": true})
}

// identity is the hash of the customer's key. It changes with a new phone or a
// new installation, which can mean that somebody else has it now.
func (c *chat) identity() string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%s/%d", c.userID, c.installed))
	return base64.StdEncoding.EncodeToString(sum[:8])
}

// automation is what the number offers before anything is written.
type automation struct {
	Welcome  bool      `json:"enable_welcome_message"`
	Prompts  []string  `json:"prompts,omitempty"`
	Commands []command `json:"commands,omitempty"`
}

type command struct {
	Name        string `json:"command_name"`
	Description string `json:"command_description"`
}

// setAutomation takes the questions and commands that the phone offers.
func (s *Simulator) setAutomation(w http.ResponseWriter, r *http.Request) error {
	var a automation
	if err := web.ReadJSON(w, r, maxBody, &a); err != nil {
		return errNotJSON
	}
	if len(a.Prompts) > maxPrompts || len(a.Commands) > maxCommands {
		return refusal(100, "at most 4 prompts and 30 commands")
	}
	for _, p := range a.Prompts {
		if err := within("prompts", p, maxPrompt); err != nil {
			return err
		}
	}
	for _, c := range a.Commands {
		if c.Name == "" || c.Description == "" {
			return missing("commands['command_name']")
		}
		if err := within("command_name", c.Name, maxCommand); err != nil {
			return err
		}
		if err := within("command_description", c.Description, maxCommandHint); err != nil {
			return err
		}
	}
	s.mu.Lock()
	s.automation = a
	s.announce()
	s.mu.Unlock()
	return web.WriteJSON(w, http.StatusOK, map[string]bool{"success": true})
}

// suggested are the messages to be sent with one tap. The lock is held.
func (s *Simulator) suggested() []string {
	all := slices.Concat(s.config.Suggestions, s.automation.Prompts)
	for _, c := range s.automation.Commands {
		all = append(all, "/"+c.Name)
	}
	return all
}

// shortLink is an address with a text to begin with.
type shortLink struct {
	Code string `json:"code"`
	Text string `json:"prefilled_message"`
	Deep string `json:"deep_link_url"`
}

// setLink makes a short link, or changes the one with the code.
func (s *Simulator) setLink(w http.ResponseWriter, r *http.Request) error {
	var q shortLink
	if err := web.ReadJSON(w, r, maxBody, &q); err != nil {
		return errNotJSON
	}
	if strings.TrimSpace(q.Text) == "" {
		return missing("prefilled_message")
	}
	if err := within("prefilled_message", q.Text, maxPrefilled); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	at := s.link(q.Code)
	switch {
	case q.Code != "" && at < 0:
		return unknownObject(r.Method)
	case q.Code != "":
		s.links[at].Text = q.Text
	case len(s.links) == maxLinks:
		return refusal(100, "a number has at most 2000 links")
	default:
		code := strings.ToUpper(number("link", wamid("", true)))[:14]
		s.links, at = append(s.links, shortLink{Code: code, Text: q.Text, Deep: "https://wa.me/message/" + code}), len(s.links)
	}
	return web.WriteJSON(w, http.StatusOK, s.links[at])
}

// link finds the place of a link, or gives -1. The lock is held.
func (s *Simulator) link(code string) int {
	return slices.IndexFunc(s.links, func(l shortLink) bool { return l.Code == code })
}

// showLinks lists the links, or the one whose code is in the path.
func (s *Simulator) showLinks(w http.ResponseWriter, r *http.Request) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	found := []shortLink{}
	for _, l := range s.links {
		if code := r.PathValue("code"); code == "" || code == l.Code {
			found = append(found, l)
		}
	}
	return web.WriteJSON(w, http.StatusOK, map[string]any{"data": found})
}

func (s *Simulator) dropLink(w http.ResponseWriter, r *http.Request) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	at := s.link(r.PathValue("code"))
	if at < 0 {
		return unknownObject(r.Method)
	}
	s.links = slices.Delete(s.links, at, at+1)
	return web.WriteJSON(w, http.StatusOK, map[string]bool{"success": true})
}

package api

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/recado/recado/gateway"
	"github.com/recado/recado/internal/web"
)

const (
	// maxPassages is how many documents and passages one call may name.
	maxPassages = 100
	// maxPassageID is how long one of their IDs is at the most, maxReason a reason.
	maxPassageID = 600
	maxReason    = 500
)

// Library is what answers rest on. An ID that it does not have is a
// gateway.ErrNotFound.
type Library interface {
	// Documents lists at most limit documents behind an ID, by ID.
	Documents(ctx context.Context, after string, limit int) ([]Document, error)
	// Passages are all of a document, or the one with this ID.
	Passages(ctx context.Context, id string) ([]Passage, error)
	// Revoked lists what is taken back, by time.
	Revoked(ctx context.Context) ([]Revocation, error)
	// Revoke takes passages back and Restore lets them be found again.
	Revoke(ctx context.Context, list []Passage, by, reason string, at time.Time) error
	Restore(ctx context.Context, list []Passage) error
}

// Document is a text that answers can rest on.
type Document struct {
	ID        string    `json:"id"`
	Title     string    `json:"title"`
	Source    string    `json:"source"`
	Locale    string    `json:"locale"`
	Audience  string    `json:"audience"`
	Markets   []string  `json:"markets"`
	ValidFrom string    `json:"valid_from"`
	ValidTo   string    `json:"valid_to"`
	Approver  string    `json:"approver"`
	Tags      []string  `json:"tags"`
	Passages  int       `json:"passages"`
	IndexedAt time.Time `json:"indexed_at"`
}

// Passage is a part of a document.
type Passage struct {
	ID         string `json:"id"`
	DocumentID string `json:"document_id"`
	Heading    string `json:"heading"`
	Question   string `json:"question"`
	Text       string `json:"text"`
	Revoked    bool   `json:"revoked"`
	// Hash is that of the content, by which answers know what they rest on.
	Hash string `json:"-"`
	// TextHash is that of what it says, by which answers are found that were given when
	// its document had another name, title or heading.
	TextHash string `json:"-"`
}

// Revocation says who took a passage back.
type Revocation struct {
	PassageID  string    `json:"passage_id"`
	DocumentID string    `json:"document_id"`
	At         time.Time `json:"at"`
	By         string    `json:"by"`
	Reason     string    `json:"reason"`
}

// answerView is a reply that rests on a passage.
type answerView struct {
	TurnID         string       `json:"turn_id"`
	ConversationID string       `json:"conversation_id"`
	Contact        string       `json:"contact"`
	Identity       identityView `json:"identity"`
	Name           string       `json:"name"`
	At             *time.Time   `json:"at"`
	Question       string       `json:"question"`
	Reply          string       `json:"reply"`
	Passages       []string     `json:"passages"`
}

// customerView is somebody who was told what is taken back.
type customerView struct {
	Contact  string       `json:"contact"`
	Identity identityView `json:"identity"`
	Name     string       `json:"name"`
}

func viewAnswer(r gateway.RestedAnswer) answerView {
	return answerView{
		TurnID: r.TurnID, ConversationID: r.ConversationID, Contact: contact(r.Contact), Identity: identity(r.Contact), Name: r.Name,
		At: moment(r.At), Question: r.Question, Reply: r.Reply, Passages: full(r.Passages),
	}
}

// documents lists what there is, a page at a time.
func (a *API) documents(_ http.ResponseWriter, r *http.Request) (any, error) {
	if a.Library == nil {
		return nil, errNoLibrary
	}
	p, err := page(r)
	if err != nil {
		return nil, err
	}
	limit := p.Limit
	if limit == 0 {
		limit = defaultPage
	}
	list, err := a.Library.Documents(r.Context(), p.After, limit+1)
	if err != nil {
		return nil, fmt.Errorf("list documents: %w", err)
	}
	next := ""
	if len(list) > limit {
		list = list[:limit]
		next = list[limit-1].ID
	}
	return views("documents", list, func(d Document) Document {
		d.Markets, d.Tags, d.IndexedAt = full(d.Markets), full(d.Tags), d.IndexedAt.UTC()
		return d
	}, next), nil
}

// passages shows a document's passages, or one.
func (a *API) passages(_ http.ResponseWriter, r *http.Request) (any, error) {
	if a.Library == nil {
		return nil, errNoLibrary
	}
	list, err := a.named(r.Context(), []string{r.URL.Query().Get("id")})
	if err != nil {
		return nil, err
	}
	return map[string]any{"passages": list}, nil
}

// named gives the passages that IDs of documents and passages name, each once.
func (a *API) named(ctx context.Context, ids []string) ([]Passage, error) {
	if len(ids) == 0 || len(ids) > maxPassages || slices.ContainsFunc(ids, func(id string) bool { return strings.TrimSpace(id) == "" || len(id) > maxPassageID }) {
		return nil, invalid("Name 1 to %d documents or passages by their ids.", maxPassages)
	}
	all, seen := []Passage{}, map[string]bool{}
	for _, id := range ids {
		list, err := a.Library.Passages(ctx, id)
		if err != nil {
			return nil, fmt.Errorf("read passages: %w", err)
		}
		for _, one := range list {
			if !seen[one.ID] {
				all = append(all, one)
			}
			seen[one.ID] = true
		}
	}
	return all, nil
}

func (a *API) revoked(_ http.ResponseWriter, r *http.Request) (any, error) {
	if a.Library == nil {
		return nil, errNoLibrary
	}
	list, err := a.Library.Revoked(r.Context())
	if err != nil {
		return nil, fmt.Errorf("list revocations: %w", err)
	}
	for i := range list {
		list[i].At = list[i].At.UTC()
	}
	return map[string]any{"revocations": full(list)}, nil
}

// taking is the body of revoke and restore.
type taking struct {
	IDs           []string `json:"ids"`
	Agent, Reason string
}

// revoke takes passages back, and answers with what was said by them and to whom. Again
// it changes nothing and gives the same answers.
func (a *API) revoke(w http.ResponseWriter, r *http.Request) (any, error) {
	if a.Library == nil || a.Evidence == nil {
		return nil, errNoLibrary
	}
	var body taking
	if err := web.ReadJSON(w, r, maxBody, &body); err != nil {
		return nil, errors.Join(err, web.ErrNotJSON)
	}
	by, err := agentName(body.Agent)
	if err != nil {
		return nil, err
	}
	body.Reason = strings.TrimSpace(body.Reason)
	if utf8.RuneCountInString(body.Reason) > maxReason {
		return nil, invalid("reason is longer than %d characters.", maxReason)
	}
	list, err := a.named(r.Context(), body.IDs)
	if err != nil {
		return nil, err
	}
	if err := a.Library.Revoke(r.Context(), list, by, body.Reason, a.Now()); err != nil {
		return nil, fmt.Errorf("revoke passages: %w", err)
	}
	for i := range list {
		list[i].Revoked = true
	}
	answers, customers, err := a.rested(r.Context(), list)
	if err != nil {
		return nil, err
	}
	return map[string]any{"passages": list, "answers": answers, "customers": customers}, nil
}

// rested are the answers that rest on passages, newest first, and the customers who got
// them.
func (a *API) rested(ctx context.Context, passages []Passage) ([]answerView, []customerView, error) {
	on := make([]gateway.Basis, len(passages))
	for i, p := range passages {
		on[i] = gateway.Basis{TextHash: p.TextHash, DocumentID: p.DocumentID, Hash: p.Hash, ChunkID: p.ID}
	}
	answers, customers, seen := []answerView{}, []customerView{}, map[gateway.Identity]bool{}
	for page := (gateway.Page{Limit: maxPage}); ; {
		list, next, err := a.Evidence.Rested(ctx, on, page)
		if err != nil {
			return nil, nil, fmt.Errorf("list answers: %w", err)
		}
		for _, r := range list {
			answers = append(answers, viewAnswer(r))
			if !seen[r.Contact] {
				customers = append(customers, customerView{contact(r.Contact), identity(r.Contact), r.Name})
			}
			seen[r.Contact] = true
		}
		if page.After = next; next == "" {
			return answers, customers, nil
		}
	}
}

func (a *API) restore(w http.ResponseWriter, r *http.Request) (any, error) {
	if a.Library == nil {
		return nil, errNoLibrary
	}
	var body taking
	if err := web.ReadJSON(w, r, maxBody, &body); err != nil {
		return nil, errors.Join(err, web.ErrNotJSON)
	}
	list, err := a.named(r.Context(), body.IDs)
	if err != nil {
		return nil, err
	}
	list = slices.DeleteFunc(list, func(p Passage) bool { return !p.Revoked })
	if err := a.Library.Restore(r.Context(), list); err != nil {
		return nil, fmt.Errorf("restore passages: %w", err)
	}
	for i := range list {
		list[i].Revoked = false
	}
	return map[string]any{"passages": list}, nil
}

package desk

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/recado/recado/gateway"
)

// maxOpen is how many open handoffs of one state the inbox shows. With more than
// that waiting, the oldest are what matters.
const maxOpen = 1000

// inboxLists are the open handoffs, oldest first.
type inboxLists struct {
	Queued, Mine, Others []gateway.Handoff
}

// open reads all open handoffs.
func (d *Desk) open(ctx context.Context, agent string) (inboxLists, error) {
	var l inboxLists
	var err error
	if l.Queued, err = d.handoffs(ctx, gateway.HandoffQueued); err != nil {
		return l, err
	}
	claimed, err := d.handoffs(ctx, gateway.HandoffClaimed)
	for _, h := range claimed {
		if h.Agent == agent {
			l.Mine = append(l.Mine, h)
		} else {
			l.Others = append(l.Others, h)
		}
	}
	return l, err
}

func (d *Desk) handoffs(ctx context.Context, state gateway.HandoffState) ([]gateway.Handoff, error) {
	var all []gateway.Handoff
	after := ""
	for {
		rows, next, err := d.config.Desk.Handoffs(ctx, state, gateway.Page{After: after, Limit: tailPage})
		if err != nil {
			return nil, fmt.Errorf("list handoffs: %w", err)
		}
		all = append(all, rows...)
		if next == "" || len(all) >= maxOpen {
			return all, nil
		}
		after = next
	}
}

// All are the open handoffs as the inbox shows them: who waits, then the agent's
// own, then those of others.
func (l inboxLists) All() []gateway.Handoff { return slices.Concat(l.Queued, l.Mine, l.Others) }

// ofConversation gives the open handoff of a conversation, or nil.
func (l inboxLists) ofConversation(id string) *gateway.Handoff {
	all := l.All()
	if i := slices.IndexFunc(all, func(h gateway.Handoff) bool { return h.ConversationID == id }); i >= 0 {
		return &all[i]
	}
	return nil
}

// inboxView is what the inbox shows: handoffs in groups, or in the view "all" one
// page of conversations.
type inboxView struct {
	View          string
	Groups        []group
	Conversations []gateway.Conversation
	// Search is the contact that was looked for.
	Search string
	// Next is the address of the next page of conversations, or empty.
	Next string
}

// group is one part of the inbox. Title is a phrase; Empty is the one to show when
// there is nothing in it, and a group without one is then left out.
type group struct {
	Title, Empty string
	Handoffs     []gateway.Handoff
}

func (d *Desk) inbox(w http.ResponseWriter, r *http.Request, agent string) error {
	p, lists, err := d.frame(r, agent)
	if err != nil {
		return err
	}
	view := inboxView{View: r.URL.Query().Get("view")}
	switch view.View {
	case "mine":
		view.Groups = []group{{"view_mine", "empty_mine", lists.Mine}}
	case "all":
		if err := d.fillConversations(r, &view); err != nil {
			return err
		}
	default:
		view.View, view.Groups = "waiting", []group{
			{"group_waiting", "empty_waiting", lists.Queued},
			{"group_mine", "", lists.Mine},
			{"group_others", "", lists.Others},
		}
	}
	p.Name, p.Title, p.Content = "inbox", "view_"+view.View, view
	return d.show(w, r, http.StatusOK, p)
}

func (d *Desk) fillConversations(r *http.Request, view *inboxView) error {
	query := r.URL.Query()
	view.Search = strings.TrimSpace(query.Get("contact"))
	list, next, err := d.config.Desk.Conversations(r.Context(),
		gateway.ConversationFilter{Contact: searched(view.Search)}, gateway.Page{After: query.Get("after")})
	if err != nil {
		return fmt.Errorf("list conversations: %w", err)
	}
	view.Conversations = list
	if next != "" {
		query.Set("after", next)
		view.Next = "/desk/?" + query.Encode()
	}
	return nil
}

// searched takes the signs out of a phone number that people write into it; a
// user id stays as it is.
func searched(text string) string {
	digits := strings.NewReplacer("+", "", " ", "", "-", "", "(", "", ")", "", ".", "", "\u00a0", "").Replace(text)
	if strings.Trim(digits, "0123456789") == "" {
		return digits
	}
	return text
}

package desk

import (
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/recado/recado/gateway"
)

// inboxView is what the inbox shows: handoffs in groups, or in the view "all" one
// page of conversations.
type inboxView struct {
	View          string
	Groups        []group
	Conversations []gateway.Conversation
	// Awaiting is since when customers of claimed handoffs wait for an answer, by
	// the handoff's id.
	Awaiting map[string]time.Time
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
	// More tells that there are others behind those.
	More bool
}

func (d *Desk) inbox(w http.ResponseWriter, r *http.Request, agent string) error {
	p, lists, err := d.frame(r, agent)
	if err != nil {
		return err
	}
	view := inboxView{View: r.URL.Query().Get("view")}
	switch view.View {
	case "mine":
		view.Groups = []group{{"view_mine", "empty_mine", lists.Mine, lists.MoreMine}}
	case "all":
		if err := d.fillConversations(r, &view); err != nil {
			return err
		}
	default:
		view.View, view.Groups = "waiting", []group{
			{"group_waiting", "empty_waiting", lists.Queued, lists.MoreQueued},
			{"group_mine", "", lists.Mine, lists.MoreMine},
			{"group_others", "", lists.Others, lists.MoreOthers},
		}
	}
	if view.View != "all" {
		others := lists.Others
		if view.View == "mine" {
			others = nil
		}
		if view.Awaiting, err = d.awaiting(r.Context(), p.revision, lists.Mine, others); err != nil {
			return err
		}
	}
	if p.Ask, err = d.asked(r, agent); err != nil {
		return err
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

package gateway

import (
	"context"
	"time"
)

// AlertLevel tells how urgent an alert is.
type AlertLevel string

// The levels of alerts.
const (
	// AlertInfo is good to know.
	AlertInfo AlertLevel = "info"
	// AlertWarning wants a look today.
	AlertWarning AlertLevel = "warning"
	// AlertCritical means that customers can't be served until somebody acts.
	AlertCritical AlertLevel = "critical"
)

// Alert is what the channel, or the gateway itself, tells of the account: a paused
// template, a number of low quality, a token that was revoked. It never holds
// personal data of customers.
type Alert struct {
	ID string `json:"id"`
	// Kind is the channel's webhook field, such as "message_template_status_update",
	// or "circuit", "problem" or "dead_letter" for what the gateway found itself.
	Kind string `json:"kind"`
	// Subject is what it is about: a template with its language, a business number.
	// Kind and Subject together are one matter: its newest alert tells how it stands.
	Subject string `json:"subject,omitempty"`
	// State is the channel's word for it, such as PAUSED, RED or DISABLED_UPDATE.
	State  string     `json:"state,omitempty"`
	Level  AlertLevel `json:"level"`
	Detail string     `json:"detail,omitempty"`
	At     time.Time  `json:"at"`
	// SeenBy is the agent who has taken note of it, and SeenAt when.
	SeenBy string    `json:"seen_by,omitempty"`
	SeenAt time.Time `json:"seen_at,omitzero"`
	// Template is what the alert changes of a synced template, or nil. Of it, Name
	// and Language say which, and Status, Quality and Category are taken over where
	// they are not empty. An empty language means all of that name.
	Template *Template `json:"template,omitempty"`
}

// Channel is what is known of the business account.
type Channel interface {
	// Raise keeps an alert, under its ID or one of the store's. One that repeats the newest of its matter (the same Kind,
	// Subject, State and Level) changes only that one's At, and it is unseen again if
	// it was seen more than a day before. An event of kind EventAlert is raised when
	// Claim files it.
	Raise(ctx context.Context, a Alert) error
	// Alerts lists by time, newest first.
	Alerts(ctx context.Context, p Page) (list []Alert, next string, err error)
	// SeeAlert notes that an agent has taken note, or gives ErrNotFound. The first
	// to see it stays.
	SeeAlert(ctx context.Context, id, agent string, at time.Time) error
	// PutTemplates makes the list all the templates there are.
	PutTemplates(ctx context.Context, list []Template) error
	// Templates lists all, by name and language. None means that they were never
	// synced.
	Templates(ctx context.Context) ([]Template, error)
}

// Archive keeps what came in exactly as it came, for a time.
type Archive interface {
	// Webhook gives the body of the webhook that an incoming message came in, or
	// ErrNotFound when it is not kept any more. id is a MessageView's.
	Webhook(ctx context.Context, messageID string) ([]byte, error)
	// Purge drops the bodies of webhooks received before, and the Raw of their
	// events; messages stay readable without it. It gives how many bodies there
	// were, at most 1,000 in one call: a caller repeats it until it gives 0.
	Purge(ctx context.Context, before time.Time) (n int, err error)
}

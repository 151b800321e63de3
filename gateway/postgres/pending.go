package postgres

import (
	"context"
	"errors"
	"time"

	"github.com/recado/recado/gateway"
)

// NextFile implements gateway.Files.
func (s *Store) NextFile(context.Context, time.Time, time.Duration) (*gateway.File, error) {
	return nil, gateway.ErrNoWork
}

// SettleFile implements gateway.Files.
func (s *Store) SettleFile(context.Context, *gateway.File, gateway.FileResult) error {
	return errors.ErrUnsupported
}

// File implements gateway.Files.
func (s *Store) File(context.Context, string) (gateway.File, error) {
	return gateway.File{}, errors.ErrUnsupported
}

// Raise implements gateway.Channel.
func (s *Store) Raise(context.Context, gateway.Alert) error { return errors.ErrUnsupported }

// Alerts implements gateway.Channel.
func (s *Store) Alerts(context.Context, gateway.Page) ([]gateway.Alert, string, error) {
	return nil, "", errors.ErrUnsupported
}

// SeeAlert implements gateway.Channel.
func (s *Store) SeeAlert(context.Context, string, string, time.Time) error {
	return errors.ErrUnsupported
}

// PutTemplates implements gateway.Channel.
func (s *Store) PutTemplates(context.Context, []gateway.Template) error {
	return errors.ErrUnsupported
}

// Templates implements gateway.Channel.
func (s *Store) Templates(context.Context) ([]gateway.Template, error) { return nil, nil }

// Webhook implements gateway.Archive.
func (s *Store) Webhook(context.Context, string) ([]byte, error) { return nil, gateway.ErrNotFound }

// Purge implements gateway.Archive.
func (s *Store) Purge(context.Context, time.Time) (int, error) { return 0, nil }

package main

import (
	"cmp"
	"context"
	"log/slog"
	"path/filepath"
	"time"

	"github.com/recado/recado/gateway"
	"github.com/recado/recado/gateway/vault"
	"github.com/recado/recado/rag/llm"
)

// The models read files for the gateway without knowing it.
var (
	_ gateway.Transcriber = (*llm.Transcriber)(nil)
	_ gateway.Describer   = (*llm.Describer)(nil)
)

// openVault gives the place where customers' files are kept.
func openVault(s settings) (gateway.Vault, error) {
	if s.Files == "" {
		disk, err := vault.NewDisk(vault.DiskConfig{Dir: filepath.Join(s.Data, "files")})
		if err != nil {
			return nil, usagef("RECADO_DATA: the folder for customers' files can't be used")
		}
		return disk, nil
	}
	config, err := vault.ParseS3(s.Files)
	if err != nil {
		return nil, usagef("RECADO_FILES: %v", err)
	}
	store, err := vault.NewS3(config)
	if err != nil {
		return nil, usagef("RECADO_FILES: %v", err)
	}
	return store, nil
}

// readers are the models that read files. Each may be nil: then a person reads them.
type readers struct {
	ear gateway.Transcriber
	eye gateway.Describer
}

func openReaders(s settings, log *slog.Logger) (readers, error) {
	var r readers
	if s.HearModel != "" {
		c := llm.TranscriberConfig{APIKey: s.OpenAIKey, BaseURL: s.OpenAIBaseURL, Model: s.HearModel, Logger: log}
		if s.HearURL != "" {
			c.APIKey, c.BaseURL = s.HearKey, s.HearURL
		}
		if cmp.Or(c.APIKey, c.BaseURL) == "" {
			return r, usagef("RECADO_TRANSCRIPTION_URL is missing: which server has the model of RECADO_TRANSCRIPTION_MODEL?")
		}
		ear, err := llm.NewTranscriber(c)
		if err != nil {
			return r, usagef("RECADO_TRANSCRIPTION_MODEL: %v", err)
		}
		r.ear = ear
	}
	if s.VisionModel != "" {
		if !s.online() {
			return r, usagef("RECADO_VISION_MODEL needs OPENAI_API_KEY or OPENAI_BASE_URL: the offline model sees nothing")
		}
		eye, err := llm.NewDescriber(llm.DescriberConfig{APIKey: s.OpenAIKey, BaseURL: s.OpenAIBaseURL, Model: s.VisionModel, Logger: log})
		if err != nil {
			return r, usagef("RECADO_VISION_MODEL: %v", err)
		}
		r.eye = eye
	}
	return r, nil
}

// The times between two looks at the account's templates.
const (
	syncEvery   = time.Hour
	syncTimeout = time.Minute
	syncAgain   = time.Second
)

// syncTemplates keeps the account's templates as the channel has them, until the
// context ends. Without the account's id there are none to choose from.
func (s *site) syncTemplates(ctx context.Context) error {
	if s.settings.AccountID == "" {
		return nil
	}
	for failures := 0; ctx.Err() == nil; {
		next := syncEvery
		if err := s.syncOnce(ctx); err != nil && ctx.Err() == nil {
			s.log.WarnContext(ctx, "the templates could not be synced; trying again", "error", err)
			next = min(syncAgain<<min(failures, 20), syncEvery)
			failures++
		} else {
			failures = 0
		}
		timer := time.NewTimer(next)
		select {
		case <-ctx.Done():
		case <-timer.C:
		}
		timer.Stop()
	}
	return nil
}

func (s *site) syncOnce(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, syncTimeout)
	defer cancel()
	list, err := s.account.SyncTemplates(ctx, s.settings.AccountID)
	if err != nil {
		return err
	}
	return s.store.PutTemplates(ctx, list)
}

// files puts, opens and removes a few bytes where customers' files are kept. The data
// folder has a check of its own.
func (d *doctor) files(ctx context.Context) finding {
	if d.settings.Files == "" {
		return ok("Customers' files are kept in the data folder.")
	}
	store, err := openVault(d.settings)
	if err != nil {
		return wrongSetting(err)
	}
	if err := store.Ping(ctx); err != nil {
		return fail("Correct RECADO_FILES: photos and voice notes of customers can't be kept.",
			"%s", sentence(cmp.Or(vault.Reason(err), "the store can't be used")))
	}
	return ok("The store of RECADO_FILES takes files and gives them back.")
}

// readers says who hears voice notes and looks at photos.
func (d *doctor) readers(context.Context) finding {
	models, err := openReaders(d.settings, d.log)
	if err != nil {
		return wrongSetting(err)
	}
	say := func(has bool, model, person string) finding {
		if has {
			return ok("%s", model)
		}
		return ok("%s", person)
	}
	return say(models.ear != nil, "A model hears voice notes.", "People hear voice notes (RECADO_TRANSCRIPTION_MODEL).").
		worse(say(models.eye != nil, "A model looks at photos.", "People look at photos (RECADO_VISION_MODEL)."))
}

package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/binary"
	"fmt"
	"image"
	"image/png"
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
	syncEvery   = 5 * time.Minute
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

// readers has a moment of silence heard and an empty picture seen, where there are
// models for it.
func (d *doctor) readers(ctx context.Context) finding {
	models, err := openReaders(d.settings, d.log)
	if err != nil {
		return wrongSetting(err)
	}
	hears, sees := ok("People hear voice notes (RECADO_TRANSCRIPTION_MODEL)."), ok("People look at photos (RECADO_VISION_MODEL).")
	if models.ear != nil {
		hears = ok("A model hears voice notes.")
		if _, err := models.ear.Transcribe(ctx, bytes.NewReader(silence()), "audio/wav", "es"); err != nil {
			hears = fail("Correct RECADO_TRANSCRIPTION_MODEL and its URL and key; until then people hear voice notes.", "The model that hears voice notes can't be used.")
		}
	}
	if models.eye != nil {
		sees = ok("A model looks at photos.")
		picture, err := emptyPicture()
		if err == nil {
			_, err = models.eye.Describe(ctx, picture, "image/png", "", "es")
		}
		if err != nil {
			sees = fail("Correct RECADO_VISION_MODEL; until then people look at photos.", "The model that looks at photos can't be used.")
		}
	}
	return hears.worse(sees)
}

// silence is half a second of it: WAV, one channel, 8,000 samples of 16 bits a second.
func silence() []byte {
	const rate, size = 8000, 8000
	var b bytes.Buffer
	b.WriteString("RIFF")
	put := func(values ...any) {
		for _, v := range values {
			// A buffer takes everything.
			_ = binary.Write(&b, binary.LittleEndian, v)
		}
	}
	put(uint32(36 + size))
	b.WriteString("WAVEfmt ")
	put(uint32(16), uint16(1), uint16(1), uint32(rate), uint32(rate*2), uint16(2), uint16(16))
	b.WriteString("data")
	put(uint32(size))
	b.Write(make([]byte, size))
	return b.Bytes()
}

func emptyPicture() ([]byte, error) {
	var b bytes.Buffer
	if err := png.Encode(&b, image.NewGray(image.Rect(0, 0, 64, 64))); err != nil {
		return nil, fmt.Errorf("draw a picture: %w", err)
	}
	return b.Bytes(), nil
}

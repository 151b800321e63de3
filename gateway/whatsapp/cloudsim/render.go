package cloudsim

import (
	"embed"
	"errors"
	"html/template"
	"net/http"
	"time"

	"github.com/recado/recado/internal/web"
)

// files are the templates and what pages load.
//
//go:embed templates/*.html static/*
var files embed.FS

func newPages() (*web.Pages, error) {
	return web.NewPages(web.PagesConfig{
		Files: files, Functions: functions, Cookie: "recado_phone_language", Path: "/phone/",
	})
}

// functions are those that templates call.
func functions(language string) template.FuncMap {
	return template.FuncMap{
		"t":     func(key string) string { return phrase(language, key) },
		"emoji": func() []string { return []string{"👍", "❤️", "😂", "😮", "😢", "🙏"} },
		"stamp": func(t time.Time) string { return t.UTC().Format(time.RFC3339) },
	}
}

// show writes a page.
func (s *Simulator) show(w http.ResponseWriter, r *http.Request, status int, p page) error {
	p.Language, p.Version, p.Shop = s.pages.Language(r), s.pages.Version, s.config.ShopName
	return s.pages.Show(w, status, p.Language, p.Name, p)
}

var (
	errCrossOrigin = errors.New("the request came from another site")
	errNoPage      = errors.New("there is no such page")
	errForm        = errors.New("the form can't be used")
)

// failPage shows what went wrong as a page with a sentence, and logs what is our
// own fault.
func (s *Simulator) failPage(w http.ResponseWriter, r *http.Request, err error) {
	status, problem := http.StatusInternalServerError, "problem_internal"
	switch {
	case errors.Is(err, errNoPage), errors.Is(err, web.ErrNoFile):
		status, problem = http.StatusNotFound, "problem_not_found"
	case errors.Is(err, errForm), errors.Is(err, errNoOption), errors.Is(err, errNoMessage):
		status, problem = http.StatusBadRequest, "problem_request"
	case errors.Is(err, errCrossOrigin):
		status, problem = http.StatusForbidden, "problem_cross_origin"
	case r.Context().Err() != nil:
		return // the browser is gone
	default:
		s.config.Logger.ErrorContext(r.Context(), "phone page failed", "route", r.Pattern, "error", err)
	}
	if err := s.show(w, r, status, page{Name: "problem", Problem: problem}); err != nil {
		s.config.Logger.ErrorContext(r.Context(), "problem page failed", "error", err)
	}
}

// static serves the style sheet and the script.
func (s *Simulator) static(w http.ResponseWriter, r *http.Request) error {
	return s.pages.Static(w, r, r.PathValue("file"))
}

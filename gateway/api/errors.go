package api

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/recado/recado/gateway"
	"github.com/recado/recado/internal/web"
)

// problem is an error that is the caller's, with the answer to it.
type problem struct {
	status  int
	code    string
	message string
}

// Error implements error.
func (p *problem) Error() string { return p.code + ": " + p.message }

// The answers that need no error of another package.
var (
	errNoToken = &problem{
		http.StatusForbidden, "api_disabled",
		"The API is off: set RECADO_API_TOKEN and start Recado again.",
	}
	errUnauthorized = &problem{
		http.StatusUnauthorized, "unauthorized",
		"Send the API token as \"Authorization: Bearer <token>\".",
	}
	errNoRoute = &problem{http.StatusNotFound, "not_found", "There is nothing at this path."}
	errMethod  = &problem{
		http.StatusMethodNotAllowed, "method_not_allowed",
		"This path does not take that method; the Allow header names those it takes.",
	}
	errOrdersDown = &problem{
		http.StatusServiceUnavailable, "orders_unavailable",
		"The order store could not be reached. Nothing was changed; try again later.",
	}
	errFilesDown = &problem{
		http.StatusServiceUnavailable, "files_unavailable",
		"The files could not be reached. Nothing was changed; try again later.",
	}
	errNoFiles = &problem{
		http.StatusNotFound, "not_configured",
		"This Recado keeps no files.",
	}
	errNoChannel = &problem{
		http.StatusNotFound, "not_configured",
		"This Recado keeps no templates and no alerts of its WhatsApp account.",
	}
	errNoLibrary = &problem{
		http.StatusNotFound, "not_configured",
		"This Recado has no documents, or does not know which answers rest on them.",
	}
	errNoCommands = &problem{
		http.StatusNotFound, "not_configured",
		"This Recado does nothing in the shop's system.",
	}
	errNoAudits = &problem{
		http.StatusNotFound, "not_configured",
		"This Recado picks no answers for a look.",
	}
	errNoLabels = &problem{
		http.StatusNotFound, "not_configured",
		"This Recado keeps no labels.",
	}
	errNoAgreements = &problem{
		http.StatusNotFound, "not_configured",
		"This Recado keeps no agreements of customers.",
	}
	errNoArchive = &problem{
		http.StatusNotFound, "not_configured",
		"This Recado does not keep webhooks as they came.",
	}
	errNoWebhook = &problem{
		http.StatusNotFound, "not_found",
		"There is no incoming message with this id, or its webhook is not kept any more: the time that webhooks are kept for is over.",
	}
	errNoField = &problem{
		http.StatusBadRequest, "invalid",
		"The form must have a file in its field \"file\".",
	}
	errUnclaimed = &problem{
		http.StatusConflict, "taken",
		"Only the agent who has claimed this handoff can say who the customer is. Claim it first.",
	}
	errOptedOut = &problem{
		http.StatusConflict, "opted_out",
		"This customer wants no marketing, and this template is marketing.",
	}
)

// invalid is the answer to input that can't be used.
func invalid(format string, args ...any) error {
	return &problem{http.StatusBadRequest, "invalid", fmt.Sprintf(format, args...)}
}

// unfit is the answer to a message that can't be sent, with the reason that the
// gateway gives. By contract it holds nothing but what is wrong.
func unfit(err error) error {
	reason := strings.TrimPrefix(err.Error(), gateway.ErrInvalid.Error()+": ")
	return invalid("%s.", capital(strings.TrimSuffix(reason, ".")))
}

// capital makes the first letter a capital.
func capital(text string) string {
	first, size := utf8.DecodeRuneInString(text)
	return string(unicode.ToUpper(first)) + text[size:]
}

// explain turns an error into an answer. It is the only place where the two meet;
// what it does not know is our own fault.
func explain(err error) *problem {
	var p *problem
	switch {
	case errors.As(err, &p):
		return p
	case errors.Is(err, gateway.ErrNotFound):
		return &problem{http.StatusNotFound, "not_found", "There is nothing with this id."}
	case errors.Is(err, gateway.ErrTaken):
		return &problem{http.StatusConflict, "taken", "Another agent has claimed this handoff."}
	case errors.Is(err, gateway.ErrClosed):
		return &problem{http.StatusConflict, "closed", "This handoff is returned or resolved already."}
	case errors.Is(err, gateway.ErrWindowClosed):
		return &problem{
			http.StatusConflict, "window_closed",
			"The 24-hour service window is over: free text can't be sent until the customer writes again.",
		}
	case errors.Is(err, gateway.ErrIDTaken):
		return &problem{http.StatusBadRequest, "invalid", "The id of this reply was used for another one. Use a new id for each reply."}
	case errors.Is(err, gateway.ErrInvalid):
		return &problem{http.StatusBadRequest, "invalid", "A parameter or the body can't be used."}
	case errors.Is(err, web.ErrTooLarge):
		return &problem{
			http.StatusRequestEntityTooLarge, "too_large",
			fmt.Sprintf("The body is larger than %d MB; send it in parts.", maxBody>>20),
		}
	case errors.Is(err, web.ErrNotJSON):
		return &problem{http.StatusBadRequest, "invalid", "The body is not valid JSON of the expected shape."}
	}
	return &problem{
		http.StatusInternalServerError, "internal",
		"Something went wrong on our side. Try again; the log has the details.",
	}
}

// fail answers with an error, and logs it when it is ours.
func (a *API) fail(w http.ResponseWriter, r *http.Request, err error) {
	p := explain(err)
	if p.status >= http.StatusInternalServerError && !errors.Is(err, context.Canceled) {
		a.Logger.ErrorContext(r.Context(), "api call failed", "route", r.Pattern, "status", p.status, "error", err)
	}
	body := map[string]any{"error": map[string]string{"code": p.code, "message": p.message}}
	if err := web.WriteJSON(w, p.status, body); err != nil {
		a.Logger.ErrorContext(r.Context(), "error not written", "error", err)
	}
}

package api

import (
	"net/http"
	"slices"
	"strings"

	"github.com/recado/recado/gateway"
	"github.com/recado/recado/internal/web"
)

// endpoint answers with a value to be written as JSON, with *blob to be written as
// it is, or with an error.
type endpoint func(w http.ResponseWriter, r *http.Request) (any, error)

// route is one row of the table of routes.
type route struct {
	method, path string
	answer       endpoint
}

// routes is the API at a glance.
func (a *API) routes() []route {
	return []route{
		{"GET", "/api/v1/conversations", a.conversations},
		{"GET", "/api/v1/conversations/{id}", a.conversation},
		{"GET", "/api/v1/conversations/{id}/messages", a.messages},
		{"GET", "/api/v1/conversations/{id}/turns", a.turns},
		{"GET", "/api/v1/conversations/{id}/commands", a.commands},
		{"GET", "/api/v1/conversations/{id}/agreement", a.agreement},
		{"PUT", "/api/v1/conversations/{id}/agreement", a.agree},
		{"POST", "/api/v1/conversations/{id}/take", a.act(gateway.ActionTake)},
		{"GET", "/api/v1/messages/{id}/webhook", a.webhook},
		{"GET", "/api/v1/handoffs", a.handoffs},
		{"GET", "/api/v1/handoffs/{id}", a.handoff},
		{"POST", "/api/v1/handoffs/{id}/claim", a.act(gateway.ActionClaim)},
		{"POST", "/api/v1/handoffs/{id}/reply", a.act(gateway.ActionReply)},
		{"POST", "/api/v1/handoffs/{id}/return", a.act(gateway.ActionReturn)},
		{"POST", "/api/v1/handoffs/{id}/resolve", a.act(gateway.ActionResolve)},
		{"POST", "/api/v1/handoffs/{id}/verify", a.act(gateway.ActionVerify)},
		{"POST", "/api/v1/files", a.upload},
		{"GET", "/api/v1/files/{id}", a.file},
		{"GET", "/api/v1/files/{id}/content", a.fileContent},
		{"GET", "/api/v1/templates", a.templates},
		{"GET", "/api/v1/alerts", a.alerts},
		{"POST", "/api/v1/alerts/{id}/seen", a.seen},
		{"GET", "/api/v1/documents", a.documents},
		{"GET", "/api/v1/passages", a.passages},
		{"GET", "/api/v1/passages/revoked", a.revoked},
		{"POST", "/api/v1/passages/revoke", a.revoke},
		{"POST", "/api/v1/passages/restore", a.restore},
		{"GET", "/api/v1/audits", a.audits},
		{"POST", "/api/v1/audits/{id}/label", a.label},
		{"GET", "/api/v1/labels", a.labels},
		{"POST", "/api/v1/handoffs/{id}/label", a.labelHandoff},
		{"POST", "/api/v1/conversations/{id}/labels", a.labelTurn},
		{"PUT", "/api/v1/orders", a.putOrders},
		{"GET", "/api/v1/orders", a.findOrders},
	}
}

// mux registers the routes. Paths are registered without a method and the method
// is looked up here, because ServeMux answers a wrong method in plain text.
func (a *API) mux() http.Handler {
	byPath := map[string]map[string]endpoint{}
	for _, r := range a.routes() {
		if byPath[r.path] == nil {
			byPath[r.path] = map[string]endpoint{}
		}
		byPath[r.path][r.method] = r.answer
	}
	mux := http.NewServeMux()
	for path, methods := range byPath {
		mux.Handle(path, web.Handle(a.byMethod(methods), a.fail))
	}
	mux.Handle("/", web.Handle(func(http.ResponseWriter, *http.Request) error { return errNoRoute }, a.fail))
	return mux
}

func (a *API) byMethod(methods map[string]endpoint) web.HandlerFunc {
	var allow []string
	for m := range methods {
		allow = append(allow, m)
		if m == http.MethodGet {
			allow = append(allow, http.MethodHead)
		}
	}
	slices.Sort(allow)
	return func(w http.ResponseWriter, r *http.Request) error {
		method := r.Method
		if method == http.MethodHead {
			method = http.MethodGet
		}
		answer, ok := methods[method]
		if !ok {
			w.Header().Set("Allow", strings.Join(allow, ", "))
			return errMethod
		}
		value, err := answer(w, r)
		if err != nil {
			return err
		}
		if b, ok := value.(*blob); ok {
			a.send(w, r, b)
			return nil
		}
		return web.WriteJSON(w, http.StatusOK, value)
	}
}

// Routes lists the API's routes, each as "METHOD /path/{parameter}", sorted.
func (a *API) Routes() []string {
	var list []string
	for _, r := range a.routes() {
		list = append(list, r.method+" "+r.path)
	}
	slices.Sort(list)
	return list
}

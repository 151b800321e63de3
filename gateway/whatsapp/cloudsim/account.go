package cloudsim

import (
	"cmp"
	"crypto/subtle"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/recado/recado/internal/web"
)

// Number is the state of the shop's number, as POST /control/number sets it.
// Fields that are left out keep what they were.
type Number struct {
	// Status is CONNECTED, or something else when nothing can be sent.
	Status string `json:"status"`
	// Quality is GREEN, YELLOW, RED or UNKNOWN.
	Quality string `json:"quality_rating"`
	// Throughput is STANDARD, HIGH or NOT_APPLICABLE.
	Throughput string `json:"throughput"`
	// NameStatus is APPROVED, or something else while the name is reviewed.
	NameStatus string `json:"name_status"`
	// Tier is how many customers can be reached outside of the window.
	Tier string `json:"messaging_limit"`
	// TokenExpired refuses the access token with 190.
	TokenExpired *bool `json:"token_expired"`
}

// or takes what is missing from another state.
func (n Number) or(old Number) Number {
	n.Status, n.Quality = cmp.Or(n.Status, old.Status), cmp.Or(n.Quality, old.Quality)
	n.Throughput, n.NameStatus = cmp.Or(n.Throughput, old.Throughput), cmp.Or(n.NameStatus, old.NameStatus)
	n.Tier, n.TokenExpired = cmp.Or(n.Tier, old.Tier), cmp.Or(n.TokenExpired, old.TokenExpired)
	return n
}

func healthyNumber() Number {
	expired := false
	return Number{
		Status: "CONNECTED", Quality: "GREEN", Throughput: "STANDARD", NameStatus: "APPROVED", Tier: "TIER_2K", TokenExpired: &expired,
	}
}

// setNumber changes the state of the number.
func (s *Simulator) setNumber(w http.ResponseWriter, r *http.Request) error {
	var n Number
	if err := web.ReadJSON(w, r, controlBody, &n); err != nil {
		return err
	}
	s.mu.Lock()
	s.number = n.or(s.number)
	n = s.number
	s.mu.Unlock()
	return web.WriteJSON(w, http.StatusOK, n)
}

// authorized lets requests in that carry the token and name the API's version.
func (s *Simulator) authorized(next web.HandlerFunc) web.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) error {
		kind, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
		if kind != "Bearer" && kind != "OAuth" || !s.isToken(token) {
			return errToken
		}
		if proof := r.URL.Query().Get("appsecret_proof"); proof != "" && "sha256="+proof != sign(s.config.AppSecret, []byte(token)) {
			return errProof
		}
		s.mu.Lock()
		expired := *s.number.TokenExpired
		s.mu.Unlock()
		if expired {
			return errExpired
		}
		if r.PathValue("version") != s.config.Version {
			return unknownPath(w, r)
		}
		return next(w, r)
	}
}

func (s *Simulator) isToken(token string) bool {
	return subtle.ConstantTimeCompare([]byte(token), []byte(s.config.AccessToken)) == 1
}

// of lets requests in that are about the object with this id.
func of(id string, next web.HandlerFunc) web.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) error {
		if r.PathValue("id") != id {
			return unknownObject(r.Method)
		}
		return next(w, r)
	}
}

// object tells about the number, the account or a file.
func (s *Simulator) object(w http.ResponseWriter, r *http.Request) error {
	id := r.PathValue("id")
	s.mu.Lock()
	file := s.media.find(id, s.config.Now())
	at := slices.IndexFunc(s.templates, func(t Template) bool { return t.ID == id })
	var template map[string]any
	if at >= 0 {
		template = s.templateFields(s.templates[at])
	}
	s.mu.Unlock()
	switch {
	case strings.HasPrefix(id, sessionPath):
		return s.showUpload(w, r)
	case template != nil:
		return web.WriteJSON(w, http.StatusOK, chosen(r, template))
	case id == s.config.PhoneNumberID:
		return web.WriteJSON(w, http.StatusOK, chosen(r, s.numberFields()))
	case id == s.config.AccountID:
		return web.WriteJSON(w, http.StatusOK, chosen(r, map[string]any{
			"id": id, "name": s.config.ShopName, "currency": "EUR", "timezone_id": "1",
			"message_template_namespace": "cloudsim", "account_review_status": "APPROVED",
			"health_status": s.health(s.numberState().Status == "CONNECTED", entity{"WABA", id}),
		}))
	case file != nil:
		return s.showMedia(w, r, file)
	}
	return unknownObject(r.Method)
}

// numberFields is everything that is told about the number.
func (s *Simulator) numberFields() map[string]any {
	n := s.numberState()
	s.mu.Lock()
	offered := s.automation
	s.mu.Unlock()
	return map[string]any{
		"id": s.config.PhoneNumberID, "verified_name": s.config.ShopName, "display_phone_number": s.config.DisplayPhone,
		"status": n.Status, "quality_rating": n.Quality, "name_status": n.NameStatus, "platform_type": "CLOUD_API",
		"code_verification_status": "VERIFIED", "account_mode": "LIVE", "throughput": map[string]string{"level": n.Throughput},
		"whatsapp_business_manager_messaging_limit": n.Tier,
		"conversational_automation":                 offered,
		"health_status": s.health(n.Status == "CONNECTED",
			entity{"PHONE_NUMBER", s.config.PhoneNumberID}, entity{"WABA", s.config.AccountID}),
	}
}

func (s *Simulator) numberState() Number {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.number
}

// templateFields is what is told about one translation of a template. The lock is
// held.
func (s *Simulator) templateFields(t Template) map[string]any {
	well := t.Status == "APPROVED" && s.number.Status == "CONNECTED"
	return map[string]any{
		"id": t.ID, "name": t.Name, "language": t.Language, "status": t.Status, "category": t.Category,
		"parameter_format": t.Format, "components": t.Components, "quality_score": t.Quality,
		"health_status": s.health(well, entity{"MESSAGE_TEMPLATE", t.ID}, entity{"WABA", s.config.AccountID}),
	}
}

// entity is something that a message needs to go out.
type entity struct{ kind, id string }

// health tells whether messages can be sent. What is wrong is wrong with the
// first entity; business and app are always well.
func (s *Simulator) health(well bool, entities ...entity) map[string]any {
	can := map[bool]string{true: "AVAILABLE", false: "BLOCKED"}
	told := []map[string]any{}
	entities = append(entities, entity{"BUSINESS", number("business", s.config.AccountID)}, entity{"APP", s.appID()})
	for i, e := range entities {
		each := map[string]any{"entity_type": e.kind, "id": e.id, "can_send_message": can[well || i > 0]}
		if !well && i == 0 {
			each["errors"] = []map[string]any{{
				"error_code": 141000, "error_description": "This can't be used to send messages now.",
				"possible_solution": "POST /control/number or /control/templates makes it well.",
			}}
		}
		told = append(told, each)
	}
	return map[string]any{"can_send_message": can[well], "entities": told}
}

// chosen leaves the fields that ?fields= asks for, and the id. What isn't asked
// for by name costs more at Meta and is left out: the health and the limit.
func chosen(r *http.Request, all map[string]any) map[string]any {
	wanted := strings.Split(r.URL.Query().Get("fields"), ",")
	some := map[string]any{}
	for name, value := range all {
		extra := name == "health_status" || name == "conversational_automation" || name == "whatsapp_business_manager_messaging_limit"
		if name == "id" || slices.Contains(wanted, name) || wanted[0] == "" && !extra {
			some[name] = value
		}
	}
	return some
}

// numbers lists the one number of the account.
func (s *Simulator) numbers(w http.ResponseWriter, r *http.Request) error {
	return web.WriteJSON(w, http.StatusOK, map[string]any{"data": []any{chosen(r, s.numberFields())}})
}

// appID is the id of the app that webhooks are sent for.
func (s *Simulator) appID() string { return number("app", s.config.PhoneNumberID) }

// subscriptions lists the apps that get the account's webhooks: one or none.
func (s *Simulator) subscriptions(w http.ResponseWriter, _ *http.Request) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	apps := []any{}
	if s.subscribed {
		apps = append(apps, map[string]any{"whatsapp_business_api_data": map[string]string{
			"id": s.appID(), "name": s.config.ShopName, "link": "https://www.facebook.com/games/?app_id=" + s.appID(),
		}})
	}
	return web.WriteJSON(w, http.StatusOK, map[string]any{"data": apps})
}

// subscribe starts or ends the webhooks of the account. Without a subscription
// they are lost, as they are at Meta.
func (s *Simulator) subscribe(w http.ResponseWriter, r *http.Request) error {
	s.mu.Lock()
	s.subscribed = r.Method == http.MethodPost
	s.mu.Unlock()
	return web.WriteJSON(w, http.StatusOK, map[string]bool{"success": true})
}

func (s *Simulator) me(w http.ResponseWriter, _ *http.Request) error {
	return web.WriteJSON(w, http.StatusOK, map[string]string{"name": s.config.ShopName, "id": number("user", s.config.PhoneNumberID)})
}

// debugToken tells what a token is worth.
func (s *Simulator) debugToken(w http.ResponseWriter, r *http.Request) error {
	asked := r.URL.Query().Get("input_token")
	if asked == "" {
		return missing("input_token")
	}
	data := map[string]any{"is_valid": s.isToken(asked), "scopes": []string{}}
	if s.isToken(asked) {
		data = map[string]any{
			"app_id": s.appID(), "type": "SYSTEM_USER", "application": s.config.ShopName, "is_valid": true,
			"expires_at": 0, "data_access_expires_at": 0, "user_id": number("user", s.config.PhoneNumberID),
			"scopes": []string{"whatsapp_business_management", "whatsapp_business_messaging"},
		}
	} else {
		data["error"] = map[string]any{"code": 190, "message": errToken.message}
	}
	return web.WriteJSON(w, http.StatusOK, map[string]any{"data": data})
}

// sendable refuses messages of a number that isn't connected. The lock is held.
func (s *Simulator) sendable() error {
	if s.number.Status != "CONNECTED" {
		return refusal(133010, fmt.Sprintf("the number is %s", s.number.Status))
	}
	return nil
}

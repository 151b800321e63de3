package main

import (
	"cmp"
	"flag"
	"net"
	"net/netip"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/recado/recado/gateway/vault"
	"github.com/recado/recado/rag/llm"
)

// defaultAPIURL is the base of Meta's Graph API with the version that the payloads
// here were checked against.
const defaultAPIURL = "https://graph.facebook.com/v25.0"

// settings are everything that an operator decides.
type settings struct {
	Listen        string
	PublicURL     string
	Data          string
	DatabaseURL   string
	RedisURL      string
	AppSecrets    []string
	VerifyToken   string
	AccessToken   string
	PhoneNumberID string
	AccountID     string
	APIURL        string
	OpenAIKey     string
	OpenAIBaseURL string
	ChatModel     string
	// FallbackModel answers when the chat model fails or has become too dear; its URL and
	// key are empty for those of the chat model.
	FallbackModel, FallbackURL, FallbackKey string
	// Prices are by model, and Budget is what may be spent, 0 for without a limit.
	Prices      map[string]llm.Price
	Budget      llm.Budget
	EmbedModel  string
	EmbedDim    int
	Calibration string
	APIToken    string
	QuietPeriod time.Duration
	// Files is where customers' files are kept: empty for the data folder, or an
	// s3:// URL. MaxFile is the largest that is taken, in bytes.
	Files   string
	MaxFile int64
	// HearURL, HearKey and HearModel are the endpoint that hears voice notes.
	HearURL, HearKey, HearModel string
	VisionModel                 string
	SimulateModel               string
	ReopenTemplate              string
	Retention                   time.Duration
	SendRate                    int
	// Locale is the language of documents that name none.
	Locale   string
	Glossary string
	// ReplayAll lets eval replay take the conversations of all customers who did not object.
	ReplayAll bool
	// Rules is the file of what the shop wants of its assistant, or empty.
	Rules string
	// RerankURL, RerankKey and RerankModel are the endpoint that orders passages.
	RerankURL, RerankKey, RerankModel string
	// JudgeModel judges replies of evals, at JudgeURL or else at the chat model's server;
	// JudgeVotes is how often each statement is voted on.
	JudgeModel, JudgeURL, JudgeKey string
	JudgeVotes                     int
	// Actions is the file of the shop's rules for writes; empty means that people do them.
	// CodeKey is the secret of one-time codes. AuditShare is the share of answers that are
	// picked for a person to look at; 0 means none.
	Actions, CodeKey string
	AuditShare       float64
	// OrdersTimeout is how long a turn waits for the customer's orders; 0 means 300 ms.
	OrdersTimeout time.Duration
	// demo is true in the demo, which has a shop's system of its own.
	demo bool
	// Market is that of customers whose own is not known, Zone where days begin.
	Market string
	Zone   *time.Location
	// Recrawl is how often sites are read again; CrawlPrivate are the networks of the
	// shop's own that they may be in.
	Recrawl      time.Duration
	CrawlPrivate []netip.Prefix
}

// setting is one row of the table of settings: a variable, its flag, what it is
// when neither is given, and how it is read. The text that read gives back says
// what is wrong with a value, and never repeats it: it may be a secret.
type setting struct {
	env, flag, preset, help string
	read                    func(s *settings, value string) (wrong string)
}

// table lists every setting. docs/operations.md shows the same rows, and a test
// holds the two together.
func table() []setting {
	text := func(at func(*settings) *string) func(*settings, string) string {
		return func(s *settings, v string) string { *at(s) = v; return "" }
	}
	return []setting{
		{"RECADO_LISTEN", "listen", "127.0.0.1:8080", "address to listen on", readListen},
		{"RECADO_PUBLIC_URL", "public-url", "", "how browsers reach the desk, such as https://desk.example.com", readPublicURL},
		{"RECADO_DATA", "data", "./data", "folder of the embedded database, index and orders", text(func(s *settings) *string { return &s.Data })},
		{"DATABASE_URL", "database-url", "", "postgres:// URL; empty means SQLite in the data folder", readDatabaseURL},
		{"REDIS_URL", "redis-url", "", "redis:// URL; empty means the in-process Redis", readRedisURL},
		{"RECADO_ORDERS_TIMEOUT", "orders-timeout", "300ms", "how long a turn waits for the customer's orders in Redis before it goes on without them", readOrdersTimeout},
		{"WHATSAPP_APP_SECRET", "whatsapp-app-secret", "", "app secret that signs webhooks; several with commas while rotating", readSecrets},
		{"WHATSAPP_VERIFY_TOKEN", "whatsapp-verify-token", "", "token for subscribing the webhook", text(func(s *settings) *string { return &s.VerifyToken })},
		{"WHATSAPP_ACCESS_TOKEN", "whatsapp-access-token", "", "token for sending", text(func(s *settings) *string { return &s.AccessToken })},
		{"WHATSAPP_PHONE_NUMBER_ID", "whatsapp-phone-number-id", "", "id of the business number", readNumberID},
		{"WHATSAPP_BUSINESS_ACCOUNT_ID", "whatsapp-business-account-id", "", "id of the WhatsApp Business Account, for recado doctor", text(func(s *settings) *string { return &s.AccountID })},
		{"WHATSAPP_API_URL", "whatsapp-api-url", defaultAPIURL, "base of the Graph API with its version", readAPIURL},
		{"OPENAI_API_KEY", "openai-api-key", "", "key of the language model's server; without key and base URL the offline model answers", text(func(s *settings) *string { return &s.OpenAIKey })},
		{"OPENAI_BASE_URL", "openai-base-url", "", "base URL of an OpenAI-compatible server; empty means OpenAI", readBaseURL},
		{"RECADO_CHAT_MODEL", "chat-model", "gpt-4.1-mini", "model that writes answers", text(func(s *settings) *string { return &s.ChatModel })},
		{"RECADO_FALLBACK_MODEL", "fallback-model", "", "model that answers when the chat model fails or has become too dear; empty means none", text(func(s *settings) *string { return &s.FallbackModel })},
		{"RECADO_FALLBACK_URL", "fallback-url", "", "base URL of its OpenAI-compatible server; empty means that of the chat model", readFallbackURL},
		{"RECADO_FALLBACK_KEY", "fallback-key", "", "key of that server, when it has a URL of its own", text(func(s *settings) *string { return &s.FallbackKey })},
		{"RECADO_PRICES", "prices", "", "what models cost for a million tokens read and written, such as gpt-4.1-mini=0.40/1.60, with commas", readPrices},
		{"RECADO_BUDGET_CONVERSATION", "budget-conversation", "", "money for the models of one conversation, in the currency of the prices; empty means without a limit", readConversationBudget},
		{"RECADO_BUDGET_DAY", "budget-day", "", "money for the models of one day; empty means without a limit", readDayBudget},
		{"RECADO_EMBEDDING_MODEL", "embedding-model", "", "model that embeds; empty means text-embedding-3-small at OpenAI and the offline embedder with a base URL", text(func(s *settings) *string { return &s.EmbedModel })},
		{"RECADO_EMBEDDING_DIM", "embedding-dim", "", "length of the vectors; empty means the model's usual one", readDim},
		{"RECADO_CALIBRATION", "calibration", "", "calibration file; empty means the one fitted on the demo shop", text(func(s *settings) *string { return &s.Calibration })},
		{"RECADO_API_TOKEN", "api-token", "", "bearer token for /api/v1; without one the API answers nothing", text(func(s *settings) *string { return &s.APIToken })},
		{"RECADO_FILES", "files", "", "where customers' files are kept: empty means the data folder, or s3://KEY:SECRET@host/bucket", readFiles},
		{"RECADO_MAX_FILE_MB", "max-file-mb", "25", "largest file that is taken from a customer, in MB", readMaxFile},
		{"RECADO_TRANSCRIPTION_MODEL", "transcription-model", "", "model that hears voice notes, such as whisper-1; empty means that people do", text(func(s *settings) *string { return &s.HearModel })},
		{"RECADO_TRANSCRIPTION_URL", "transcription-url", "", "base URL of its OpenAI-compatible server; empty means that of the chat model", readHearURL},
		{"RECADO_TRANSCRIPTION_KEY", "transcription-key", "", "key of that server, when it has a URL of its own", text(func(s *settings) *string { return &s.HearKey })},
		{"RECADO_VISION_MODEL", "vision-model", "", "model at the chat model's server that looks at photos; empty means that people do", text(func(s *settings) *string { return &s.VisionModel })},
		{"RECADO_SIMULATE_MODEL", "simulate-model", "", "model at the chat model's server that plays customers in recado eval run --speaker model; empty means the chat model", text(func(s *settings) *string { return &s.SimulateModel })},
		{"RECADO_REOPEN_TEMPLATE", "reopen-template", "", "approved template without variables that is sent when the service window closed before a message could go", text(func(s *settings) *string { return &s.ReopenTemplate })},
		{"RECADO_SEND_RATE", "send-rate", "80", "messages a second that the business number may send: 80, or 1000 after the upgrade", readSendRate},
		{"RECADO_RETENTION", "retention", "720h", "how long webhooks are kept as they came; 0 keeps them for ever", readRetention},
		{"RECADO_LOCALE", "locale", "", "language of documents that name none and whose text does not tell it, such as es; empty means that such a document stays out", readLocale},
		{"RECADO_RULES", "rules", "", "file of what the shop wants of its assistant: its tone, what it never says", text(func(s *settings) *string { return &s.Rules })},
		{"RECADO_GLOSSARY", "glossary", "", "file of the shop's synonyms, a group a line with commas", text(func(s *settings) *string { return &s.Glossary })},
		{"RECADO_RERANK_MODEL", "rerank-model", "", "model that orders the passages that were found: its name at RECADO_RERANK_URL, or chat for the chat model; empty means none", text(func(s *settings) *string { return &s.RerankModel })},
		{"RECADO_RERANK_URL", "rerank-url", "", "base URL of a server with /rerank, such as https://api.cohere.com/v2", readRerankURL},
		{"RECADO_RERANK_KEY", "rerank-key", "", "key of that server", text(func(s *settings) *string { return &s.RerankKey })},
		{"RECADO_JUDGE_MODEL", "judge-model", "", "model that judges replies in recado eval, best of another family than the chat model; empty means that statements about replies are left out", text(func(s *settings) *string { return &s.JudgeModel })},
		{"RECADO_JUDGE_URL", "judge-url", "", "base URL of its OpenAI-compatible server; empty means that of the chat model", readJudgeURL},
		{"RECADO_JUDGE_KEY", "judge-key", "", "key of that server, when it has a URL of its own", text(func(s *settings) *string { return &s.JudgeKey })},
		{"RECADO_JUDGE_VOTES", "judge-votes", "3", "how often each statement is voted on, an odd number; each vote takes two calls", readJudgeVotes},
		{"RECADO_ACTIONS", "actions", "", "file of the shop's rules for cancelling, readdressing and returning; with it, such wishes become commands for the shop's system on Redis streams; empty means that people do them", text(func(s *settings) *string { return &s.Actions })},
		{"RECADO_CODE_KEY", "code-key", "", "secret of at least 16 characters that hashes one-time codes; several instances need the same one", readCodeKey},
		{"RECADO_AUDIT_SHARE", "audit-share", "0.03", "share of the answers that are picked for a person to look at, from 0 to 1", readAuditShare},
		{"RECADO_REPLAY", "replay-of", "agreed", "whose conversations recado eval replay takes: those of customers who agreed, or with everybody of all who did not object, where the shop's privacy notice covers that", readReplay},
		{"RECADO_MARKET", "market", "", "market of customers whose number does not tell it, as an ISO 3166 code such as ES", readMarket},
		{"RECADO_TIMEZONE", "timezone", "UTC", "where the shop's days begin, such as Europe/Madrid: documents are valid by day", readZone},
		{"RECADO_RECRAWL", "recrawl", "24h", "how often serve reads ingested sites again; 0 never does", readRecrawl},
		{"RECADO_CRAWL_PRIVATE", "crawl-private", "", "private networks that sites may be in, such as 10.1.0.0/16 for an intranet, with commas", readCrawlPrivate},
		{"RECADO_QUIET_PERIOD", "quiet-period", "1500ms", "how long a customer must be silent before a burst is answered", readQuietPeriod},
	}
}

// loadSettings reads the command's flags and the environment, the flags first, and
// gives the words that are no flags. extra adds the command's own flags.
func loadSettings(c console, name string, args []string, extra func(*flag.FlagSet)) (settings, []string, error) {
	set := flag.NewFlagSet(name, flag.ContinueOnError)
	values := map[string]*string{}
	rows := table()
	if extra != nil {
		extra(set)
	}
	for _, row := range rows {
		// A flag of the command's own hides the setting's, which stays in the environment.
		if set.Lookup(row.flag) == nil {
			values[row.flag] = set.String(row.flag, "", row.help+" ("+row.env+")")
		}
	}
	words, err := interspersed(c, set, args)
	if err != nil {
		return settings{}, nil, err
	}
	given := map[string]bool{}
	set.Visit(func(f *flag.Flag) { given[f.Name] = true })
	var s settings
	for _, row := range rows {
		value, source := strings.TrimSpace(c.env(row.env)), row.env
		if given[row.flag] && values[row.flag] != nil {
			value, source = *values[row.flag], "--"+row.flag+" ("+row.env+")"
		}
		if wrong := row.read(&s, cmp.Or(value, row.preset)); wrong != "" {
			return settings{}, nil, usagef("%s %s", source, wrong)
		}
	}
	return s, words, nil
}

func readListen(s *settings, v string) string {
	host, port, err := net.SplitHostPort(v)
	n, portErr := strconv.ParseUint(port, 10, 16)
	if err != nil || portErr != nil || strings.ContainsAny(host, " /") {
		return "is not an address like 127.0.0.1:8080"
	}
	s.Listen = net.JoinHostPort(host, strconv.FormatUint(n, 10))
	return ""
}

func readPublicURL(s *settings, v string) string {
	s.PublicURL = v
	return wrongURL(v, "is not a URL like https://desk.example.com", "http", "https")
}

func readDatabaseURL(s *settings, v string) string {
	s.DatabaseURL = v
	return wrongURL(v, "is not a URL like postgres://user:password@host:5432/database", "postgres", "postgresql")
}

func readRedisURL(s *settings, v string) string {
	s.RedisURL = v
	if v == "" {
		return ""
	}
	if _, err := redis.ParseURL(v); err != nil {
		return "is not a URL like redis://host:6379/0"
	}
	return ""
}

func readSecrets(s *settings, v string) string {
	for part := range strings.SplitSeq(v, ",") {
		if part = strings.TrimSpace(part); part != "" {
			s.AppSecrets = append(s.AppSecrets, part)
		}
	}
	if v != "" && len(s.AppSecrets) == 0 {
		return "holds no secret between its commas"
	}
	return ""
}

func readNumberID(s *settings, v string) string {
	s.PhoneNumberID = v
	if strings.Trim(v, "0123456789") != "" {
		return "is not an id in digits, such as 106540352242922; it is not the phone number"
	}
	return ""
}

func readAPIURL(s *settings, v string) string {
	s.APIURL = strings.TrimRight(v, "/")
	if metaWithoutVersion.MatchString(s.APIURL) {
		return "has no version at its end, like " + defaultAPIURL
	}
	return wrongURL(v, "is not a URL like "+defaultAPIURL, "http", "https")
}

// metaWithoutVersion is Meta's own address without what it wants at its end; others
// may stand in for it anywhere.
var metaWithoutVersion = regexp.MustCompile(`^https?://graph\.facebook\.com(/[^v].*)?$`)

func readBaseURL(s *settings, v string) string {
	s.OpenAIBaseURL = strings.TrimRight(v, "/")
	return wrongURL(v, "is not a URL like http://127.0.0.1:11434/v1", "http", "https")
}

func readDim(s *settings, v string) string {
	if v == "" {
		return ""
	}
	n, err := strconv.Atoi(v)
	if err != nil || n < 1 || n > 16000 {
		return "is not a number from 1 to 16000"
	}
	s.EmbedDim = n
	return ""
}

func readQuietPeriod(s *settings, v string) string {
	d, err := time.ParseDuration(v)
	if err != nil || d < 0 || d > time.Minute {
		return "is not a duration from 0s to 1m, such as 1500ms"
	}
	s.QuietPeriod = d
	return ""
}

func readFiles(s *settings, v string) string {
	s.Files = v
	if v == "" {
		return ""
	}
	if _, err := vault.ParseS3(v); err != nil {
		return "is not a URL like s3://KEY:SECRET@s3.eu-west-1.amazonaws.com/bucket?region=eu-west-1"
	}
	return ""
}

func readMaxFile(s *settings, v string) string {
	n, err := strconv.Atoi(v)
	if err != nil || n < 1 || n > 100 {
		return "is not a number of MB from 1 to 100"
	}
	s.MaxFile = int64(n) << 20
	return ""
}

func readHearURL(s *settings, v string) string {
	s.HearURL = strings.TrimRight(v, "/")
	return wrongURL(v, "is not a URL like http://127.0.0.1:8000/v1", "http", "https")
}

func readSendRate(s *settings, v string) string {
	n, err := strconv.Atoi(v)
	if err != nil || n < 1 || n > 1000 {
		return "is not a number of messages a second from 1 to 1000"
	}
	s.SendRate = n
	return ""
}

func readRetention(s *settings, v string) string {
	d, err := time.ParseDuration(v)
	if err != nil || d < 0 || d > 0 && d < time.Hour {
		return "is not a duration of an hour or more, such as 720h, or 0"
	}
	s.Retention = d
	return ""
}

func readLocale(s *settings, v string) string {
	s.Locale = strings.ToLower(v)
	if !isLocale.MatchString(s.Locale) {
		return "is not a language such as es or en"
	}
	return ""
}

var (
	isLocale = regexp.MustCompile(`^([a-z]{2,3}(-[a-z0-9]{2,8})*)?$`)
	isMarket = regexp.MustCompile(`^([A-Z]{2})?$`)
)

func readRerankURL(s *settings, v string) string {
	s.RerankURL = strings.TrimRight(v, "/")
	return wrongURL(v, "is not a URL like https://api.cohere.com/v2", "http", "https")
}

func readCodeKey(s *settings, v string) string {
	s.CodeKey = v
	if v != "" && len(v) < 16 {
		return "is shorter than 16 characters"
	}
	return ""
}

func readAuditShare(s *settings, v string) string {
	share, err := strconv.ParseFloat(v, 64)
	if err != nil || !(share >= 0 && share <= 1) {
		return "is not a share from 0 to 1, such as 0.03"
	}
	s.AuditShare = share
	return ""
}

func readOrdersTimeout(s *settings, v string) string {
	d, err := time.ParseDuration(v)
	if err != nil || d < 10*time.Millisecond || d > 10*time.Second {
		return "is not a duration from 10ms to 10s, such as 300ms"
	}
	s.OrdersTimeout = d
	return ""
}

func readReplay(s *settings, v string) string {
	s.ReplayAll = v == "everybody"
	if v != "agreed" && v != "everybody" {
		return "is neither agreed nor everybody"
	}
	return ""
}

func readMarket(s *settings, v string) string {
	s.Market = strings.ToUpper(v)
	if !isMarket.MatchString(s.Market) {
		return "is not a country code of two letters, such as ES"
	}
	return ""
}

func readZone(s *settings, v string) string {
	zone, err := time.LoadLocation(v)
	if err != nil {
		return "is not a time zone such as Europe/Madrid"
	}
	s.Zone = zone
	return ""
}

func readRecrawl(s *settings, v string) string {
	d, err := time.ParseDuration(v)
	if err != nil || d < 0 || d > 0 && d < 10*time.Minute {
		return "is not a duration of 10 minutes or more, such as 24h, or 0"
	}
	s.Recrawl = d
	return ""
}

func readCrawlPrivate(s *settings, v string) string {
	for part := range strings.SplitSeq(v, ",") {
		if part = strings.TrimSpace(part); part == "" {
			continue
		}
		network, err := netip.ParsePrefix(part)
		if err != nil {
			return "is not a list of networks such as 10.1.0.0/16"
		}
		s.CrawlPrivate = append(s.CrawlPrivate, network)
	}
	return ""
}

// wrongURL is the complaint when a value that is not empty is no URL with a host
// and one of the schemes.
func wrongURL(v, complaint string, schemes ...string) string {
	if v == "" {
		return ""
	}
	u, err := url.Parse(v)
	if err != nil || u.Host == "" {
		return complaint
	}
	if !slices.Contains(schemes, u.Scheme) {
		return complaint
	}
	return ""
}

// checkServe is what serve needs beyond values that can be read, and refuses what
// would be dangerous.
func (s settings) checkServe() error {
	for _, required := range []struct{ env, value, what string }{
		{"WHATSAPP_ACCESS_TOKEN", s.AccessToken, "the token that replies are sent with"},
		{"WHATSAPP_PHONE_NUMBER_ID", s.PhoneNumberID, "the id of the business number"},
	} {
		if required.value == "" {
			return usagef("%s is missing: %s (`recado demo` needs none)", required.env, required.what)
		}
	}
	if len(s.AppSecrets) == 0 && !s.private() {
		return usagef("WHATSAPP_APP_SECRET is missing: without it anybody who reaches %s could write as your customers; set it, or listen on 127.0.0.1 without RECADO_PUBLIC_URL", s.Listen)
	}
	return nil
}

// private tells whether nobody but this machine is meant to reach the server: it
// listens on the loopback interface, and no proxy is said to stand in front of it.
func (s settings) private() bool { return s.loopback() && s.PublicURL == "" }

// loopback tells whether only this machine can reach the server.
func (s settings) loopback() bool {
	host, _, err := net.SplitHostPort(s.Listen)
	if err != nil {
		return false
	}
	if host == "localhost" {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}

// secureCookies tells whether browsers reach the desk over HTTPS: by the public
// URL, and without one wherever others than this machine can connect.
func (s settings) secureCookies() bool {
	if s.PublicURL != "" {
		return strings.HasPrefix(s.PublicURL, "https://")
	}
	return !s.loopback()
}

// online tells whether a model server is configured.
func (s settings) online() bool { return s.OpenAIKey != "" || s.OpenAIBaseURL != "" }

// terminal tells whether a stream is one that a person looks at.
func terminal(stream any) bool {
	f, ok := stream.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

package arch_test

import "github.com/recado/recado/internal/arch"

// layers is the house: who may import whom. An adapter stands above the package
// whose interface it implements and is imported by cmd and by tests alone;
// siblings do not import each other.
var layers = arch.Layers{
	"cmd/recado":   {"*"},
	"evals":        {"evals/stats", "gateway", "rag", "rag/confidence", "rag/intent", "rag/offline", "rag/pii", "rag/receipts", "rag/sufficiency", "knowledge", "internal/demoshop"},
	"evals/stats":  {},
	"evals/runs":   {"evals/stats", "evals/suite"},
	"evals/rules":  {"evals/runs", "evals/stats"},
	"evals/label":  {"evals", "evals/runs", "evals/stats", "gateway", "rag", "rag/pii", "internal/web"},
	"evals/report": {"evals/replay", "evals/runs", "evals/stats", "rag/confidence", "internal/web"},

	"evals/judge":    {"rag", "rag/pii"},
	"evals/cassette": {"evals/judge", "evals/simulate", "knowledge", "rag"},
	"evals/simulate": {"evals/runs", "evals/suite", "evals/suite/vary"},
	"evals/runner":   {"evals", "evals/judge", "evals/runs", "evals/simulate", "evals/suite", "gateway", "rag", "rag/action", "rag/assure", "rag/pii"},
	"evals/replay":   {"evals/stats", "gateway", "knowledge", "rag", "rag/action", "rag/pii", "rag/receipts"},

	"evals/suite":      {"evals/suite/vary"},
	"evals/suite/vary": {},
	"evals/suites":     {},

	"gateway":                    {"rag", "rag/action", "rag/assure", "rag/confidence", "rag/guard", "rag/pii", "rag/understand"},
	"gateway/gatewaytest":        {"gateway", "rag", "rag/action", "rag/assure"},
	"gateway/gatewaytest/memory": {"gateway", "rag", "rag/action"},
	"gateway/postgres":           {"gateway", "rag", "rag/action", "rag/assure"},
	"gateway/sqlite":             {"gateway", "rag", "rag/action", "rag/assure"},
	"gateway/whatsapp":           {"gateway", "internal/web"},
	"gateway/whatsapp/cloudsim":  {"gateway", "gateway/whatsapp", "internal/web"},
	"gateway/orders":             {"gateway", "rag", "rag/action", "rag/assure"},
	"gateway/orders/backoffice":  {"gateway", "gateway/orders", "rag/action", "rag/assure"},
	"gateway/ratelimit":          {"gateway", "rag/llm"},
	"gateway/api":                {"gateway", "internal/web"},
	"gateway/desk":               {"gateway", "rag", "rag/pii", "internal/web"},
	"gateway/desk/desktest":      {"gateway", "rag", "rag/action", "rag/assure", "gateway/desk"},
	"gateway/vault":              {"gateway"},
	"gateway/vault/vaulttest":    {"gateway"},

	"rag":             {"knowledge", "rag/action", "rag/assure", "rag/confidence", "rag/guard", "rag/intent", "rag/phrases", "rag/pii", "rag/receipts", "rag/sufficiency", "rag/understand", "internal/recent"},
	"rag/action":      {"rag/assure"},
	"rag/assure":      {},
	"rag/confidence":  {},
	"rag/guard":       {"rag/phrases"},
	"rag/intent":      {},
	"rag/llm":         {"rag", "rag/action", "knowledge"},
	"rag/llm/llmtest": {"rag/llm"},
	"rag/phrases":     {},
	"rag/pii":         {},
	"rag/understand":  {"knowledge"},
	"rag/receipts":    {"rag/action", "rag/confidence", "rag/guard", "knowledge", "rag/phrases", "internal/recent"},
	"rag/sufficiency": {"rag/confidence", "knowledge", "internal/recent"},
	"rag/offline":     {"rag", "rag/action", "rag/guard", "rag/phrases", "rag/receipts", "rag/understand", "knowledge"},

	"knowledge":               {},
	"knowledge/knowledgetest": {"knowledge"},
	"knowledge/pgvector":      {"knowledge"},
	"knowledge/sqlite":        {"knowledge"},
	"knowledge/extract":       {"knowledge"},
	"knowledge/sources":       {"knowledge"},

	"internal/arch":                {},
	"internal/demoshop":            {},
	"internal/recent":              {},
	"internal/web":                 {},
	"internal/testservices":        {},
	"internal/testservices/launch": {},
	"internal/testservices/cmd":    {"internal/testservices", "internal/testservices/launch"},
}

// uses is where third-party modules may be imported. docs/adr/dependencies.md
// says of each of them what it is for and how to remove it.
var uses = arch.Uses{
	// The databases: each driver only where its database is.
	"github.com/jackc/pgx/v5": {
		Code:  []string{"gateway/postgres", "knowledge/pgvector", "internal/testservices", "internal/testservices/launch"},
		Tests: []string{"cmd/recado"},
	},
	"github.com/pgvector/pgvector-go": {Code: []string{"knowledge/pgvector"}},
	"modernc.org/sqlite":              {Code: []string{"gateway/sqlite", "knowledge/sqlite"}},
	"github.com/pressly/goose/v3": {
		Code: []string{"gateway/postgres", "gateway/sqlite", "knowledge/pgvector", "knowledge/sqlite"},
	},
	"github.com/redis/go-redis/v9": {
		Code:  []string{"gateway/orders", "gateway/orders/backoffice", "gateway/ratelimit", "cmd/recado", "internal/testservices", "internal/testservices/launch"},
		Tests: []string{"evals"},
	},
	"github.com/alicebob/miniredis/v2": {
		Code: []string{"cmd/recado"}, Tests: []string{"*"},
	},

	// The model's server.
	"github.com/sashabaranov/go-openai": {Code: []string{"rag/llm"}},

	// Texts.
	"github.com/blevesearch/snowballstem": {Code: []string{"knowledge"}},
	"github.com/yuin/goldmark":            {Code: []string{"knowledge", "knowledge/extract"}},
	"golang.org/x/text":                   {Code: []string{"gateway", "knowledge", "knowledge/extract", "knowledge/sources", "rag", "rag/guard", "rag/intent", "rag/offline", "rag/receipts", "rag/sufficiency", "evals", "evals/replay", "evals/suite"}},

	// A shop's documents.
	"github.com/JohannesKaufmann/html-to-markdown/v2": {Code: []string{"knowledge/extract"}},
	"golang.org/x/net":                 {Code: []string{"knowledge/extract", "knowledge/sources"}},
	"github.com/klippa-app/go-pdfium":  {Code: []string{"knowledge/extract"}},
	"github.com/tetratelabs/wazero":    {Code: []string{"knowledge/extract"}},
	"code.dny.dev/ssrf":                {Code: []string{"knowledge/sources"}},
	"github.com/bmatcuk/doublestar/v4": {Code: []string{"knowledge/sources"}},
	"github.com/go-git/go-git/v5":      {Code: []string{"knowledge/sources"}},
	"github.com/temoto/robotstxt":      {Code: []string{"knowledge/sources"}},
	"golang.org/x/time":                {Code: []string{"knowledge/sources"}},
	"github.com/goccy/go-yaml": {
		Code: []string{"evals/replay", "evals/suite", "knowledge", "knowledge/sources", "rag/action"}, Tests: []string{"gateway/api", "internal/arch"},
	},
	"github.com/santhosh-tekuri/jsonschema/v6": {Code: []string{"evals/suite"}},

	// Customers' files.
	"github.com/gabriel-vasile/mimetype": {Code: []string{"gateway", "gateway/desk", "gateway/api", "knowledge/extract"}, Tests: []string{"cmd/recado"}},
	"github.com/minio/minio-go/v7":       {Code: []string{"gateway/vault"}},

	// Running.
	"github.com/google/uuid":              {Code: []string{"gateway", "gateway/vault/vaulttest"}, Tests: []string{"gateway/vault"}},
	"github.com/prometheus/client_golang": {Code: []string{"gateway", "gateway/whatsapp", "cmd/recado"}, Tests: []string{"*"}},
	"golang.org/x/crypto":                 {Code: []string{"gateway/desk"}},
	"golang.org/x/sync":                   {Code: []string{"gateway", "cmd/recado", "knowledge", "evals/replay", "evals/runner"}},

	// Tests.
	"github.com/johannesboyne/gofakes3": {Tests: []string{"gateway/vault", "cmd/recado"}},
	"github.com/google/go-cmp": {
		Code: []string{"gateway/gatewaytest", "gateway/vault/vaulttest", "knowledge/knowledgetest"}, Tests: []string{"*"},
	},
	"pgregory.net/rapid": {
		Code: []string{"gateway/gatewaytest", "gateway/vault/vaulttest", "knowledge/knowledgetest", "rag/llm/llmtest"}, Tests: []string{"*"},
	},
	"github.com/prometheus/client_model": {Tests: []string{"gateway", "gateway/whatsapp"}},
	"github.com/tiktoken-go/tokenizer":   {Tests: []string{"knowledge"}},
	"codeberg.org/go-pdf/fpdf":           {Tests: []string{"knowledge/extract"}},
	"github.com/chromedp/chromedp":       {Tests: []string{"cmd/recado", "evals/label", "evals/report", "gateway/desk", "gateway/whatsapp/cloudsim"}},
	"golang.org/x/tools":                 {Code: []string{"gateway/gatewaytest"}, Tests: []string{"gateway"}},
}

// callers are who may say how sure it is who writes, and who may look at what needs that. The
// gateway's own test kit may, as tests may.
var callers = arch.Callers{
	"rag/assure.Grant":     {"gateway", "gateway/gatewaytest"},
	"rag/assure.Field.For": {"gateway/orders"},
}

// refusedNames could hold anything, and sooner or later do.
var refusedNames = []string{
	"util", "utils", "common", "helper", "helpers", "model", "models", "type", "types", "manager", "managers", "misc", "shared",
}

// refusedWords are places on one machine and hosts that serve packages: whoever
// clones the project has neither. They are put together here, or this file would
// break its own rule.
var refusedWords = []string{
	"/" + "work/", "/tmp/" + "w/", "/" + "root/", "/" + "Users/", "/" + "home/",
	"proxy." + "golang.org", "sum." + "golang.org", "registry." + "npmjs", "pypi." + "org", "static." + "crates.io",
	"goproxy" + ".", "artifactory" + ".", "nexus" + ".",
}

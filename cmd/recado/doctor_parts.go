package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/recado/recado/gateway/postgres"
	"github.com/recado/recado/gateway/sqlite"
	"github.com/recado/recado/knowledge"
	"github.com/recado/recado/knowledge/pgvector"
	knowledgesqlite "github.com/recado/recado/knowledge/sqlite"
	"github.com/recado/recado/rag"
	"github.com/recado/recado/rag/llm"
)

func (d *doctor) needed(context.Context) finding {
	var missing []string
	if d.settings.AccessToken == "" {
		missing = append(missing, "WHATSAPP_ACCESS_TOKEN")
	}
	if d.settings.PhoneNumberID == "" {
		missing = append(missing, "WHATSAPP_PHONE_NUMBER_ID")
	}
	if len(missing) > 0 {
		return fail("docs/whatsapp.md says where to find them.", "The gateway can't start without %s.", strings.Join(missing, " and "))
	}
	return ok("All that are needed are set.")
}

func (d *doctor) appSecret(context.Context) finding {
	const where = "Set WHATSAPP_APP_SECRET to the one under App settings, Basic."
	switch n := len(d.settings.AppSecrets); {
	case n == 0 && d.settings.private():
		return warn(where, "WHATSAPP_APP_SECRET is empty: webhooks are taken without a signature.")
	case n == 0:
		return fail(where, "WHATSAPP_APP_SECRET is empty: anybody who reaches %s could write as your customers, so the gateway does not start.", d.settings.Listen)
	case n > 1:
		return warn("Take the old one out when its webhooks have stopped.", "%d secrets are accepted, as while one is being replaced.", n)
	}
	return ok("Webhooks are checked against it.")
}

func (d *doctor) verifyToken(context.Context) finding {
	if d.settings.VerifyToken == "" {
		return warn("Set WHATSAPP_VERIFY_TOKEN to any long word, and enter the same one in the app.", "It is empty: the webhook can't be subscribed.")
	}
	return ok("It is set.")
}

func (d *doctor) apiToken(context.Context) finding {
	if d.settings.APIToken == "" {
		return warn("Set RECADO_API_TOKEN, such as to the output of openssl rand -hex 32.", "It is empty: /api/v1 answers nothing.")
	}
	return ok("It is set.")
}

// calibration asks the pipeline whether its promise holds; no index is needed for
// that.
func (d *doctor) calibration(context.Context) finding {
	embedder, err := openEmbedder(d.settings, d.log)
	if err != nil {
		return wrongSetting(err)
	}
	empty, err := knowledge.NewMemory(knowledge.IdentityOf(embedder))
	if err != nil {
		return fail("Correct RECADO_EMBEDDING_DIM.", "The length of the vectors can't be used.")
	}
	pipeline, err := openPipeline(d.settings, empty, embedder, nil, d.log)
	if err != nil {
		return wrongSetting(err)
	}
	if stale := pipeline.Stale(); len(stale) > 0 {
		return warn("Label some questions of your customers and run `recado eval calibrate`; until then a person sends what Recado drafts.",
			"Its promise on wrong answers does not hold. %s", strings.Join(stale, " "))
	}
	return ok("It was fitted with what is in use.")
}

// wrongSetting shows the line that serve would refuse to start with.
func wrongSetting(err error) finding {
	if errors.Is(err, errUsage) {
		return fail("", "%s", sentence(err.Error()))
	}
	return fail("Check the settings of the model in docs/operations.md.", "The settings of the model can't be used.")
}

// replay says whose conversations a candidate may be tried on, so that the setting is no
// surprise to whoever answers for the shop's privacy notice.
func (d *doctor) replay(context.Context) finding {
	if d.settings.ReplayAll {
		return ok("`recado eval replay` takes the conversations of all customers who did not object (RECADO_REPLAY=everybody): the shop's privacy notice has to cover that.")
	}
	return ok("`recado eval replay` takes the conversations of customers who agreed, as noted on the desk or by the API (RECADO_REPLAY=agreed).")
}

func (d *doctor) askDatabase(ctx context.Context) (postgres.Health, error) {
	return postgres.Inspect(ctx, d.settings.DatabaseURL, d.now)
}

func (d *doctor) store(ctx context.Context) finding {
	if d.settings.DatabaseURL == "" {
		return d.embeddedStore(ctx)
	}
	h, err := d.database.get(ctx)
	if err != nil {
		return unreachable(err)
	}
	f := ok("Postgres %s.", h.Version)
	if major, _, _ := strings.Cut(h.Version, "."); number(major) < 15 {
		f = f.worse(fail("Move to Postgres 17.", "Postgres 15 is the oldest that is supported."))
	}
	if h.ReadOnly {
		f = f.worse(fail("Point DATABASE_URL at the primary.", "It can only be read."))
	}
	return f.worse(migrated(h.Schema, h.Newest))
}

// unreachable is the finding of a database that could not be asked.
func unreachable(err error) finding {
	reason := postgres.Reason(err)
	if reason == "" {
		reason = why(err)
	}
	return fail("Check DATABASE_URL, and whether the server runs.", "The database of DATABASE_URL can't be used: %s.", reason)
}

func number(digits string) int {
	n, err := strconv.Atoi(digits)
	if err != nil {
		return 0
	}
	return n
}

func (d *doctor) embeddedStore(ctx context.Context) finding {
	h, err := sqlite.Inspect(ctx, filepath.Join(d.settings.Data, "recado.db"))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return warn("`recado migrate` or the first start makes it.", "There is no recado.db in RECADO_DATA yet.")
	case err != nil:
		return fail("Check the owner of the file, or restore it from a backup.", "recado.db in RECADO_DATA can't be read as a database.")
	}
	return ok("SQLite %s.", h.Version).worse(migrated(h.Schema, h.Newest))
}

// migrated compares the database with the program.
func migrated(schema, newest int64) finding {
	switch {
	case schema == 0:
		return warn("`recado migrate` or the first start makes its tables.", "It is empty.")
	case schema > newest:
		return fail("Use the program that migrated it, or a newer one.", "A newer program migrated it: it is at %d, and this one knows %d.", schema, newest)
	case schema < newest:
		return warn("`recado migrate` or the next start brings it up to date; back up first.", "It is at migration %d of %d.", schema, newest)
	}
	return ok("Its tables are up to date.")
}

func (d *doctor) extension(ctx context.Context) finding {
	h, err := pgvector.Inspect(ctx, d.settings.DatabaseURL)
	switch {
	case err != nil:
		return unreachable(err)
	case h.Extension == "" && h.Available == "":
		return fail("Install pgvector 0.8 or newer on the server; the image pgvector/pgvector:pg17 has it.", "The server does not have the extension.")
	case h.Extension == "":
		return warn("The first start makes it, if the user may; else a superuser runs: create extension vector.",
			"The database does not have the extension yet; version %s can be made.", h.Available)
	case older(h.Extension, 0, 8):
		return fail("Install 0.8 or newer, then: alter extension vector update.", "Version %s is too old.", h.Extension)
	}
	return ok("Version %s.", h.Extension)
}

// older compares the first two numbers of a version.
func older(version string, major, minor int) bool {
	first, rest, _ := strings.Cut(version, ".")
	second, _, _ := strings.Cut(rest, ".")
	return number(first) < major || number(first) == major && number(second) < minor
}

// indexHealth is what both indexes tell.
type indexHealth struct {
	schema, newest int64
	embedder       string
	dim            int
	documents      map[string]int
}

func (d *doctor) inspectIndex(ctx context.Context) (indexHealth, error) {
	if d.settings.DatabaseURL != "" {
		h, err := pgvector.Inspect(ctx, d.settings.DatabaseURL)
		return indexHealth{h.Schema, h.Newest, h.Embedder, h.Dim, h.Documents}, err
	}
	h, err := knowledgesqlite.Inspect(ctx, filepath.Join(d.settings.Data, "knowledge"))
	return indexHealth{h.Schema, h.Newest, h.Embedder, h.Dim, h.Documents}, err
}

func (d *doctor) knowledge(ctx context.Context) finding {
	h, err := d.inspectIndex(ctx)
	const ingest = "Bring your documents in: `recado ingest PATH…`."
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return warn(ingest, "There is no index yet, so every question goes to a person.")
	case err != nil && d.settings.DatabaseURL != "":
		return unreachable(err)
	case err != nil:
		return fail("Remove the folder and ingest again.", "The folder knowledge in RECADO_DATA can't be read as an index.")
	}
	total, parts := 0, []string{}
	for _, locale := range slices.Sorted(maps.Keys(h.documents)) {
		total += h.documents[locale]
		parts = append(parts, fmt.Sprintf("%d %s", h.documents[locale], locale))
	}
	if total == 0 {
		return warn(ingest, "The index is empty, so every question goes to a person.")
	}
	f := ok("%s: %s, embedded by %s.", count(total, "document", "documents"), strings.Join(parts, ", "), h.embedder)
	return f.worse(d.sameEmbedder(h)).worse(migrated(h.schema, h.newest))
}

func (d *doctor) sameEmbedder(h indexHealth) finding {
	embedder, err := openEmbedder(d.settings, d.log)
	if err != nil {
		return wrongSetting(err)
	}
	if h.embedder == embedder.Name() && h.dim == embedder.Dim() {
		return finding{Level: levelOK}
	}
	return warn("`recado serve` rebuilds it in the background, `recado knowledge rebuild` now; or set RECADO_EMBEDDING_MODEL back.",
		"The settings name another embedder, %s with %d dimensions: until the index is rebuilt, passages are found by words only.", embedder.Name(), embedder.Dim())
}

// slowRedis is a round trip that leaves too little of what a turn gives Redis.
const slowRedis = 50 * time.Millisecond

func (d *doctor) redis(ctx context.Context) finding {
	if d.settings.RedisURL == "" {
		return ok("It runs within the gateway, with the orders kept in RECADO_DATA.")
	}
	options, err := redis.ParseURL(d.settings.RedisURL)
	if err != nil {
		return fail("Write it like redis://host:6379/0.", "REDIS_URL can't be read.") // unreachable: the settings were checked
	}
	options.ContextTimeoutEnabled, options.MaxRetries = true, -1
	client := redis.NewClient(options)
	defer client.Close()
	asked := d.now()
	if err := client.Ping(ctx).Err(); err != nil {
		return redisAway(err)
	}
	took := d.now().Sub(asked)
	// A second one, because the first had to connect.
	asked = d.now()
	if client.Ping(ctx).Err() == nil {
		took = d.now().Sub(asked)
	}
	info, err := client.Info(ctx).Result()
	if err != nil {
		return warn("Let the user of REDIS_URL run INFO to have it checked.", "It answers in %s and does not tell about itself.", round(took))
	}
	return readRedis(redisInfo(info), took)
}

func round(d time.Duration) string { return d.Round(100 * time.Microsecond).String() }

func redisAway(err error) finding {
	if refused, answered := errors.AsType[redis.Error](err); answered {
		switch {
		case strings.HasPrefix(refused.Error(), "NOAUTH"), strings.HasPrefix(refused.Error(), "WRONGPASS"), strings.HasPrefix(refused.Error(), "NOPERM"):
			return fail("Correct user and password in REDIS_URL.", "It does not let us in.")
		case strings.HasPrefix(refused.Error(), "LOADING"):
			return warn("Wait.", "It is still reading its data.")
		}
		return fail("Look at its log.", "It answers with an error.")
	}
	return fail("Check REDIS_URL, and whether the server runs. Until then questions about orders go to a person.",
		"The Redis of REDIS_URL can't be used: %s.", why(err))
}

// redisInfo cuts the answer to INFO into its fields.
func redisInfo(text string) map[string]string {
	fields := map[string]string{}
	for line := range strings.Lines(text) {
		if name, value, found := strings.Cut(strings.TrimSpace(line), ":"); found {
			fields[name] = value
		}
	}
	return fields
}

func readRedis(info map[string]string, took time.Duration) finding {
	name, version := "Redis", info["redis_version"]
	if v := info["valkey_version"]; v != "" {
		name, version = "Valkey", v
	}
	f := ok("%s %s, round trip %s.", name, version, round(took))
	if took > slowRedis {
		f = f.worse(warn("Move it closer, or let turns wait longer for it with RECADO_ORDERS_TIMEOUT.", "That is slow."))
	}
	if info["role"] == "slave" {
		f = f.worse(fail("Point REDIS_URL at the primary.", "It is a replica and takes no changes."))
	}
	if policy := info["maxmemory_policy"]; number(info["maxmemory"]) > 0 && policy != "noeviction" && policy != "" {
		f = f.worse(warn("Set maxmemory-policy to noeviction.", "When its memory is full it drops orders by itself (%s).", policy))
	}
	return f.worse(persistence(info))
}

func persistence(info map[string]string) finding {
	switch {
	case info["aof_last_write_status"] == "err", info["rdb_last_bgsave_status"] == "err":
		return warn("Look at its log and its disk.", "Its last attempt to save failed.")
	case info["aof_enabled"] == "1":
		return ok("It keeps its data on disk.")
	case info["rdb_last_save_time"] == "":
		return finding{Level: levelOK}
	}
	return warn("Set appendonly to yes, or import the orders again after each restart.",
		"It writes no log of changes, so a restart costs the orders since its last snapshot.")
}

// model asks for a draft in the form that turns need.
func (d *doctor) model(ctx context.Context) finding {
	if !d.settings.online() {
		return ok("The offline model answers, from the documents' own sentences; no server is asked.")
	}
	m, err := openModel(d.settings, nil, d.log)
	if err != nil {
		return wrongSetting(err)
	}
	began := d.now()
	response, err := m.Complete(ctx, rag.Request{Locale: "en", Question: "Hello", At: began, Messages: []rag.PromptMessage{
		{Role: "system", Content: `Reply with this JSON object and nothing else: {"answer": "Hello!", "citations": [], "orders": [], "language": "en", "needs_human": false, "missing": "", "small_talk": true}`},
		{Role: "user", Content: "Hello"},
	}})
	if err != nil {
		f := serverTrouble(err, "RECADO_CHAT_MODEL", d.settings.ChatModel)
		if f.Text == "" {
			f = fail("Choose a model that can write JSON.", "%s answers, but not in the form that is asked for.", d.settings.ChatModel)
		}
		return f
	}
	return ok("%s answers, in %s.", response.Model, d.now().Sub(began).Round(time.Millisecond))
}

// embedding asks for one vector.
func (d *doctor) embedding(ctx context.Context) finding {
	e, err := openEmbedder(d.settings, d.log)
	if err != nil {
		return wrongSetting(err)
	}
	remote, _ := e.(*llm.Embedder)
	if remote == nil {
		return ok("The offline embedder works within the gateway, with %d dimensions.", e.Dim())
	}
	began := d.now()
	if _, err := e.Embed(ctx, []string{"Hello"}); err != nil {
		f := serverTrouble(err, "RECADO_EMBEDDING_MODEL", e.Name())
		if f.Text == "" {
			f = fail("Set RECADO_EMBEDDING_DIM to the length of the model's vectors, and ingest again.",
				"What %s gives are no vectors of length %d.", e.Name(), e.Dim())
		}
		return f
	}
	return ok("%s gives vectors of length %d, in %s.", e.Name(), e.Dim(), d.now().Sub(began).Round(time.Millisecond))
}

// serverTrouble reads why a model's server gave nothing; empty when it gave
// something that can't be used.
func serverTrouble(err error, variable, name string) finding {
	words, status := llm.Reason(err)
	switch {
	case words == "":
		return finding{}
	case status == 401 || status == 403:
		return fail("Correct OPENAI_API_KEY.", "The server does not accept the key (status %d).", status)
	case status == 404:
		return fail("Correct "+variable+", or OPENAI_BASE_URL.", "The server does not know %s (status 404).", name)
	case status == 429:
		return fail("Look at the account's limits and credit.", "The server takes no more requests for now (status 429).")
	case status != 0:
		return fail("Check OPENAI_BASE_URL and "+variable+".", "The server answered with status %d.", status)
	case errors.Is(err, context.DeadlineExceeded):
		return fail("Check OPENAI_BASE_URL; a local server may still be loading the model.", "The server did not answer within %d seconds.", checkTimeout/time.Second)
	}
	return fail("Check OPENAI_BASE_URL, and whether the server runs.", "%s", sentence(words))
}

// mostSkew is how far two clocks may be apart. The service window and the leases
// are counted by them.
const mostSkew = 5 * time.Second

func (d *doctor) clock(ctx context.Context) finding {
	f := d.channelClock(ctx)
	if d.settings.DatabaseURL == "" {
		return f
	}
	h, err := d.database.get(ctx)
	if err != nil {
		return f.worse(warn("", "The database could not be asked for its time."))
	}
	return f.worse(skewed("the database's", h.Skew))
}

func (d *doctor) channelClock(ctx context.Context) finding {
	// Any answer has the time, so that no token is needed.
	account, err := d.accountWith(cmp.Or(d.settings.AccessToken, "none"))
	if err != nil {
		return warn("", "It could not be compared with Meta's.")
	}
	skew, err := account.Skew(ctx)
	if err != nil {
		return warn("", "It could not be compared with Meta's: %s.", why(err))
	}
	return skewed("Meta's", skew)
}

// skewed judges how far this machine's clock is ahead of another.
func skewed(whose string, skew time.Duration) finding {
	if skew.Abs() > mostSkew {
		side := "ahead of"
		if skew < 0 {
			side = "behind"
		}
		return fail("Let the machine's time be kept by NTP.", "It is %s %s %s.", skew.Abs().Round(time.Second), side, whose)
	}
	return ok("It agrees with %s within %s.", whose, max(skew.Abs().Round(time.Second), time.Second))
}

// The free space that is worrying, and too little.
const (
	littleSpace = 1 << 30
	noSpace     = 100 << 20
)

func (d *doctor) dataFolder(context.Context) finding {
	folder, made := existing(d.settings.Data)
	if !writable(folder) {
		return fail("Give the folder to the user that runs Recado.", "RECADO_DATA can't be written to.")
	}
	f := ok("RECADO_DATA can be written to.")
	if !made {
		f = ok("RECADO_DATA does not exist yet and can be made.")
	}
	free, known := d.free(folder)
	switch {
	case !known:
		return f
	case free < noSpace:
		return f.worse(fail("Make room, or move it to a larger disk.", "Only %d MB are free.", free>>20))
	case free < littleSpace:
		return f.worse(warn("Make room soon.", "Only %d MB are free.", free>>20))
	}
	return f.worse(ok("%d GB are free.", free>>30))
}

// existing is the folder, or the nearest above it that exists.
func existing(folder string) (nearest string, made bool) {
	nearest = filepath.Clean(folder)
	for range 64 {
		if _, err := os.Stat(nearest); err == nil {
			return nearest, nearest == filepath.Clean(folder)
		}
		up := filepath.Dir(nearest)
		if up == nearest {
			break
		}
		nearest = up
	}
	return nearest, false
}

// writable tries it: permissions alone don't tell of a disk that can only be read.
func writable(folder string) bool {
	f, err := os.CreateTemp(folder, ".recado-doctor-*")
	if err != nil {
		return false
	}
	_, err = f.Write([]byte("x"))
	return errors.Join(err, f.Close(), os.Remove(f.Name())) == nil
}

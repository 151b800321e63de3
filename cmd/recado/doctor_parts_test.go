package main

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/jackc/pgx/v5"

	"github.com/recado/recado/internal/testservices"
)

// TestDoctorHasItsTime: whoever takes a connection and says nothing costs a check
// its time and no more, and the checks behind it are made all the same.
func TestDoctorHasItsTime(t *testing.T) {
	t.Parallel()
	nobody := silent(t)
	d := newDoctor(settings{
		DatabaseURL: "postgres://u:s3cret@" + nobody + "/db?sslmode=disable", RedisURL: "redis://:s3cret@" + nobody + "/0",
		APIURL: "http://" + nobody, AccessToken: "t", PhoneNumberID: "1", VerifyToken: "v", Data: t.TempDir(),
		OpenAIBaseURL: "http://" + nobody + "/v1", ChatModel: "m", EmbedModel: "all-minilm",
	}, "http://"+nobody+"/webhooks/whatsapp")
	d.timeout = 150 * time.Millisecond
	began := time.Now()
	r := report{Findings: d.examine(t.Context(), func(f finding) {
		if strings.Contains(f.Text+f.Advice, "s3cret") {
			t.Errorf("a secret is shown: %+v", f)
		}
	})}
	if took := time.Since(began); took > 10*time.Second {
		t.Errorf("all checks took %v", took)
	}
	for _, name := range []string{"access token", "callback", "database", "pgvector", "knowledge", "Redis", "model", "embedding"} {
		r.is(t, name, levelFail, "did not answer within 5 seconds")
	}
	r.is(t, "clock", levelWarn, "Meta's", "database")
	r.is(t, "data folder", levelOK)
}

// TestDoctorInterrupted: who does not want to wait is not made to.
func TestDoctorInterrupted(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	d := newDoctor(settings{Data: t.TempDir()}, "")
	findings := d.examine(ctx, func(finding) { cancel() })
	if len(findings) != 1 {
		t.Errorf("%d checks were made after the interruption", len(findings))
	}
}

// TestDoctorDeadServers: nobody listens at all.
func TestDoctorDeadServers(t *testing.T) {
	t.Parallel()
	env := healthy(t, healthyGraph())
	env["DATABASE_URL"] = "postgres://u:s3cret@127.0.0.1:1/db?sslmode=disable"
	env["REDIS_URL"] = "redis://:s3cret@127.0.0.1:1/0"
	env["OPENAI_BASE_URL"], env["RECADO_EMBEDDING_MODEL"] = "http://127.0.0.1:1/v1", "all-minilm"
	r, code := diagnose(t, env)
	if code != exitFailed {
		t.Errorf("status %d", code)
	}
	r.is(t, "database", levelFail, "nothing listens", "DATABASE_URL")
	r.is(t, "pgvector", levelFail, "nothing listens")
	r.is(t, "knowledge", levelFail, "nothing listens")
	r.is(t, "Redis", levelFail, "nothing listens", "REDIS_URL")
	r.is(t, "model", levelFail, "refused", "OPENAI_BASE_URL")
	r.is(t, "embedding", levelFail, "refused")
	r.is(t, "clock", levelWarn, "Meta's", "database")
	r.is(t, "number", levelOK)
}

// TestDoctorPostgres walks a database from nothing to one of a newer program.
func TestDoctorPostgres(t *testing.T) {
	t.Parallel()
	dsn := testservices.Postgres(t)
	env := healthy(t, healthyGraph())
	env["DATABASE_URL"] = dsn
	r, _ := diagnose(t, env)
	r.is(t, "database", levelWarn, "empty", "recado migrate")
	r.is(t, "knowledge", levelWarn, "recado ingest")
	if code, _, errs := tell(t, env, "migrate"); code != exitOK {
		t.Fatal(errs)
	}
	conn, err := pgx.Connect(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	if _, err := conn.Exec(t.Context(), `insert into gateway_goose_version (version_id, is_applied) values (99999, true)`); err != nil {
		t.Fatal(err)
	}
	r, _ = diagnose(t, env)
	r.is(t, "database", levelFail, "newer program", "99999")
	r.is(t, "pgvector", levelOK, "Version 0.")
	env["DATABASE_URL"] = strings.Replace(dsn, "/recado_", "/no_such_", 1)
	r, _ = diagnose(t, env)
	r.is(t, "database", levelFail, "does not exist")
}

func TestMigrated(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		schema, newest int64
		want           level
		words          string
	}{{0, 3, levelWarn, "empty"}, {2, 3, levelWarn, "2 of 3"}, {3, 3, levelOK, "up to date"}, {4, 3, levelFail, "at 4"}} {
		if f := migrated(tt.schema, tt.newest); f.Level != tt.want || !strings.Contains(f.Text, tt.words) {
			t.Errorf("%d of %d: %+v", tt.schema, tt.newest, f)
		}
	}
	for version, want := range map[string]bool{"0.7.4": true, "0.8.0": false, "0.10": false, "1.0": false, "": true} {
		if older(version, 0, 8) != want {
			t.Errorf("%q is older than 0.8: %t", version, !want)
		}
	}
}

// TestDoctorFiles: the embedded database and index, missing, broken and made for
// another embedder.
func TestDoctorFiles(t *testing.T) {
	t.Parallel()
	env := healthy(t, healthyGraph())
	r, _ := diagnose(t, env)
	r.is(t, "database", levelWarn, "no recado.db")
	r.is(t, "knowledge", levelWarn, "no index")
	if left, err := os.ReadDir(env["RECADO_DATA"]); err != nil || len(left) != 0 {
		t.Errorf("the doctor left %v, %v", left, err)
	}
	if code, _, errs := tell(t, env, "migrate"); code != exitOK {
		t.Fatal(errs)
	}
	r, _ = diagnose(t, env)
	r.is(t, "database", levelOK, "SQLite 3", "up to date")
	r.is(t, "knowledge", levelWarn, "empty")
	fill(t, env)
	env["RECADO_EMBEDDING_DIM"] = "512"
	r, _ = diagnose(t, env)
	r.is(t, "knowledge", levelWarn, "another embedder", "512", "rebuild")
	for _, name := range []string{"recado.db", "knowledge/knowledge-place.db"} {
		if err := os.WriteFile(filepath.Join(env["RECADO_DATA"], name), []byte(strings.Repeat("no database ", 500)), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	r, _ = diagnose(t, env)
	r.is(t, "database", levelFail, "backup")
	r.is(t, "knowledge", levelFail, "ingest again")
}

// TestDoctorRedis: a password that is wrong, and one that answers.
func TestDoctorRedis(t *testing.T) {
	t.Parallel()
	server := miniredis.RunT(t)
	server.RequireAuth("the right one")
	env := healthy(t, healthyGraph())
	for _, address := range []string{"redis://" + server.Addr(), "redis://:s3cret@" + server.Addr()} {
		env["REDIS_URL"] = address
		r, _ := diagnose(t, env)
		r.is(t, "Redis", levelFail, "let us in", "REDIS_URL")
	}
}

func TestReadRedis(t *testing.T) {
	t.Parallel()
	const well = "# Server\r\nredis_version:8.0.2\r\nrole:master\r\nmaxmemory:0\r\nmaxmemory_policy:allkeys-lru\r\naof_enabled:1\r\n" +
		"aof_last_write_status:ok\r\nrdb_last_bgsave_status:ok\r\nrdb_last_save_time:1\r\n"
	for name, tt := range map[string]struct {
		old, new string
		took     time.Duration
		want     level
		words    string
	}{
		"well":      {"", "", time.Millisecond, levelOK, "Redis 8.0.2, round trip 1ms"},
		"valkey":    {"role", "valkey_version:9.0.1\r\nrole", time.Millisecond, levelOK, "Valkey 9.0.1"},
		"slow":      {"", "", 80 * time.Millisecond, levelWarn, "closer"},
		"replica":   {"role:master", "role:slave", 0, levelFail, "primary"},
		"evicting":  {"maxmemory:0", "maxmemory:1000000", 0, levelWarn, "noeviction"},
		"forgetful": {"aof_enabled:1", "aof_enabled:0", 0, levelWarn, "appendonly"},
		"no disk":   {"write_status:ok", "write_status:err", 0, levelWarn, "save failed"},
		"snapshot":  {"bgsave_status:ok", "bgsave_status:err", 0, levelWarn, "save failed"},
	} {
		f := readRedis(redisInfo(strings.Replace(well, tt.old, tt.new, 1)), tt.took)
		if f.Level != tt.want || !strings.Contains(f.Text+f.Advice, tt.words) {
			t.Errorf("%s: %+v", name, f)
		}
	}
	if f := readRedis(redisInfo(strings.Replace(well, "maxmemory:0\r\nmaxmemory_policy:allkeys-lru", "maxmemory:9\r\nmaxmemory_policy:noeviction", 1)), 0); f.Level != levelOK {
		t.Errorf("with noeviction: %+v", f)
	}
}

// modelServer answers as an OpenAI-compatible server: with a status, or with this
// content and a vector of this length.
func modelServer(t *testing.T, status int, content string, dim int) string {
	t.Helper()
	mux := http.NewServeMux()
	reply := func(w http.ResponseWriter, body any) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		if err := json.NewEncoder(w).Encode(body); err != nil {
			t.Error(err)
		}
	}
	mux.HandleFunc("POST /v1/chat/completions", func(w http.ResponseWriter, _ *http.Request) {
		reply(w, map[string]any{"model": "tiny", "choices": []any{map[string]any{
			"finish_reason": "stop", "message": map[string]string{"role": "assistant", "content": content},
		}}})
	})
	mux.HandleFunc("POST /v1/embeddings", func(w http.ResponseWriter, _ *http.Request) {
		vector := make([]float32, dim)
		vector[0] = 1
		reply(w, map[string]any{"data": []any{map[string]any{"index": 0, "embedding": vector}}})
	})
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return server.URL + "/v1"
}

const smallDraft = `{"answer":"Hello!","citations":[],"orders":[],"language":"en","needs_human":false,"missing":"","small_talk":true}`

// TestDoctorModel: a server that works, one that refuses, and one that says what
// can't be used.
func TestDoctorModel(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		status           int
		content          string
		dim              int
		model, embedding level
		words, more      string
	}{
		"well":     {200, smallDraft, 384, levelOK, levelOK, "tiny answers", "length 384"},
		"key":      {401, "s3cret", 384, levelFail, levelFail, "OPENAI_API_KEY", "OPENAI_API_KEY"},
		"unknown":  {404, "s3cret", 384, levelFail, levelFail, "RECADO_CHAT_MODEL", "RECADO_EMBEDDING_MODEL"},
		"bad":      {400, "s3cret", 384, levelFail, levelFail, "status 400", "status 400"},
		"nonsense": {200, "s3cret", 7, levelFail, levelFail, "JSON", "RECADO_EMBEDDING_DIM"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			env := healthy(t, healthyGraph())
			env["OPENAI_BASE_URL"], env["OPENAI_API_KEY"] = modelServer(t, tt.status, tt.content, tt.dim), "s3cret-key"
			env["RECADO_EMBEDDING_MODEL"], env["RECADO_CHAT_MODEL"] = "all-minilm", "tiny"
			r, _ := diagnose(t, env)
			r.is(t, "model", tt.model, tt.words)
			r.is(t, "embedding", tt.embedding, tt.more)
			r.is(t, "calibration", levelWarn, "recado eval calibrate")
		})
	}
	env := healthy(t, healthyGraph())
	env["OPENAI_BASE_URL"], env["RECADO_EMBEDDING_MODEL"] = "http://127.0.0.1:1/v1", "of-no-known-length"
	r, _ := diagnose(t, env)
	r.is(t, "data folder", levelOK)
	if f := r.of(t, "embedding"); f.Level != levelFail || !strings.Contains(f.Text, "RECADO_EMBEDDING_DIM") {
		t.Errorf("a length that is not known: %+v", f)
	}
	if f := serverTrouble(errors.New("no failure of a server"), "", ""); f.Text != "" {
		t.Errorf("another error is %+v", f)
	}
}

// TestDoctorDataFolder: where nothing can be written, and how much may be.
func TestDoctorDataFolder(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		folder string
		free   uint64
		known  bool
		want   level
		words  string
	}{
		"well":         {t.TempDir(), 5 << 30, true, levelOK, "5 GB"},
		"not yet":      {filepath.Join(t.TempDir(), "a", "b"), 5 << 30, true, levelOK, "can be made"},
		"little":       {t.TempDir(), 500 << 20, true, levelWarn, "500 MB"},
		"none":         {t.TempDir(), 1 << 20, true, levelFail, "Only 1 MB"},
		"not told":     {t.TempDir(), 0, false, levelOK, "can be written"},
		"in a file":    {filepath.Join(file, "data"), 5 << 30, true, levelFail, "can't be written"},
		"it is a file": {file, 5 << 30, true, levelFail, "can't be written"},
	} {
		d := newDoctor(settings{Data: tt.folder}, "")
		d.free = func(string) (uint64, bool) { return tt.free, tt.known }
		if f := d.dataFolder(t.Context()); f.Level != tt.want || !strings.Contains(f.Text, tt.words) {
			t.Errorf("%s: %+v", name, f)
		}
		if left, _ := os.ReadDir(tt.folder); len(left) != 0 {
			t.Errorf("%s: the doctor left %v", name, left)
		}
	}
	if free, known := freeSpace(t.TempDir()); known && free == 0 {
		t.Error("there is no space for this test, or it is not counted")
	}
}

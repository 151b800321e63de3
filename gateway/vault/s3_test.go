package vault_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"

	"github.com/recado/recado/gateway"
	"github.com/recado/recado/gateway/vault"
	"github.com/recado/recado/gateway/vault/vaulttest"
)

// The keys of the store. The secret has the marks that Amazon's have.
const (
	accessKey = "AKIDEXAMPLE"
	secretKey = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY="
	bucket    = "recado-files"
)

// store is an S3 server: gofakes3 for what S3 does, and before it what gofakes3 leaves
// out: the check of the signature, and trouble when a test wants it.
type store struct {
	inner http.Handler
	*httptest.Server

	mu    sync.Mutex
	asked []string
	// trouble answers in the place of the server and tells whether it did.
	trouble func(w http.ResponseWriter, r *http.Request) bool
}

func newStore(t testing.TB, start func(http.Handler) *httptest.Server) *store {
	t.Helper()
	backend := s3mem.New()
	if err := backend.CreateBucket(bucket); err != nil {
		t.Fatal(err)
	}
	s := &store{inner: gofakes3.New(backend, gofakes3.WithLogger(gofakes3.DiscardLog())).Server()}
	s.Server = start(s)
	s.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	t.Cleanup(s.Close)
	return s
}

// ServeHTTP implements http.Handler.
func (s *store) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	s.asked = append(s.asked, r.Method+" "+r.URL.RequestURI())
	trouble := s.trouble
	s.mu.Unlock()
	if code := signature(r, accessKey, secretKey); code != "" {
		refuse(http.StatusForbidden, code)(w, r)
		return
	}
	if trouble == nil || !trouble(w, r) {
		s.inner.ServeHTTP(w, r)
	}
}

// requests are those that came, and begins anew.
func (s *store) requests() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	asked := s.asked
	s.asked = nil
	return asked
}

// secretBody is what no error may hold.
const secretBody = "arn:aws:iam::4711:user/lucia"

// refuse answers with one of S3's error codes.
func refuse(status int, code string) func(http.ResponseWriter, *http.Request) bool {
	return func(w http.ResponseWriter, _ *http.Request) bool {
		w.Header().Set("Content-Type", "application/xml")
		w.WriteHeader(status)
		fmt.Fprintf(w, "<Error><Code>%s</Code><Message>%s</Message><Key>%s</Key></Error>", code, secretBody, someID)
		return true
	}
}

func (s *store) config() vault.S3Config {
	return vault.S3Config{
		Endpoint: s.URL, Bucket: bucket, Region: "eu-west-1", AccessKey: accessKey, SecretKey: secretKey, Prefix: "shop-1/files",
		HTTP: s.Client().Transport,
	}
}

func s3(t testing.TB, c vault.S3Config) *vault.S3 {
	t.Helper()
	v, err := vault.NewS3(c)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestS3IsAVault(t *testing.T) {
	t.Parallel()
	vaulttest.TestVault(t, func(t testing.TB) vaulttest.Open {
		s := newStore(t, httptest.NewServer)
		return func() (gateway.Vault, error) { return vault.NewS3(s.config()) }
	})
}

// TestS3OverTLS: nothing depends on a connection in clear.
func TestS3OverTLS(t *testing.T) {
	t.Parallel()
	v := s3(t, newStore(t, httptest.NewTLSServer).config())
	for _, size := range []int{0, 5, 17 << 20} {
		want := strings.Repeat("x", size)
		if err := put(t, v, someID, want); err != nil {
			t.Fatal(err)
		}
		file, err := v.Open(t.Context(), someID)
		if err != nil {
			t.Fatal(err)
		}
		defer file.Close()
		if got, err := io.ReadAll(file); err != nil || string(got) != want {
			t.Errorf("%d bytes came back of %d, %v", len(got), size, err)
		}
	}
	if err := errors.Join(v.Ping(t.Context()), v.Remove(t.Context(), someID)); err != nil {
		t.Error(err)
	}
}

// TestS3NamesObjects: one request for a file, under the prefix, signed, with its type;
// parts for a large one.
func TestS3NamesObjects(t *testing.T) {
	t.Parallel()
	s := newStore(t, httptest.NewServer)
	var kinds []string
	s.trouble = func(_ http.ResponseWriter, r *http.Request) bool {
		kinds = append(kinds, r.Header.Get("Content-Type"))
		return false
	}
	v := s3(t, s.config())
	if err := put(t, v, someID, "photo"); err != nil {
		t.Fatal(err)
	}
	if got := s.requests(); len(got) != 1 || got[0] != "PUT /recado-files/shop-1/files/"+someID || kinds[0] != "text/plain" {
		t.Errorf("the requests are %v with %v", got, kinds)
	}
	large := make([]byte, 40<<20)
	if err := v.Put(t.Context(), someID, io.MultiReader(bytes.NewReader(large)), int64(len(large)), "video/mp4"); err != nil {
		t.Fatal(err)
	}
	if got := s.requests(); len(got) != 5 || !strings.Contains(got[1], "partNumber=1") || !strings.HasPrefix(got[4], "POST") {
		t.Errorf("a large file is put by %v", got)
	}
	if err := v.Ping(t.Context()); err != nil {
		t.Fatal(err)
	}
	want := "PUT /recado-files/shop-1/files/ping GET /recado-files/shop-1/files/ping"
	if got := strings.Join(s.requests(), " "); got != want {
		t.Errorf("ping is %s", got)
	}
}

// TestS3AsksAmazonByHost: the providers that want the bucket in the host's name get it,
// unless the configuration says otherwise.
func TestS3AsksAmazonByHost(t *testing.T) {
	t.Parallel()
	for path, want := range map[bool]string{
		false: "recado-files.s3.dualstack.eu-west-1.amazonaws.com/" + someID, true: "s3.dualstack.eu-west-1.amazonaws.com/recado-files/" + someID,
	} {
		var asked string
		v := s3(t, vault.S3Config{
			Endpoint: "https://s3.eu-west-1.amazonaws.com", Bucket: bucket, Region: "eu-west-1", AccessKey: accessKey, SecretKey: secretKey,
			PathStyle: path, HTTP: trip(func(r *http.Request) (*http.Response, error) {
				asked = r.URL.Host + r.URL.Path
				return &http.Response{StatusCode: http.StatusNoContent, Body: http.NoBody, Request: r}, nil
			}),
		})
		if err := v.Remove(t.Context(), someID); err != nil || asked != want {
			t.Errorf("%s was asked, %v", asked, err)
		}
	}
}

// trip is a transport.
type trip func(*http.Request) (*http.Response, error)

// RoundTrip implements http.RoundTripper.
func (f trip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// everything is each call that asks the store.
func everything(ctx context.Context, v gateway.Vault) map[string]error {
	file, err := v.Open(ctx, someID)
	if err == nil {
		_, err = io.ReadAll(file)
		err = errors.Join(err, file.Close())
	}
	return map[string]error{
		"open": err, "ping": v.Ping(ctx), "remove": v.Remove(ctx, someID),
		"put": v.Put(ctx, someID, strings.NewReader("photo"), 5, "image/jpeg"),
	}
}

// discreet fails when an error holds what it may not.
func discreet(t testing.TB, err error) {
	t.Helper()
	for _, secret := range []string{accessKey, secretKey, secretBody, "127.0.0.1", "localhost", someID, bucket, "shop-1", ".test"} {
		if strings.Contains(err.Error(), secret) {
			t.Errorf("%q is told in: %v", secret, err)
		}
	}
}

// TestS3SaysWhatIsWrong: each mistake in the settings has a sentence, which every call
// gives.
func TestS3SaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		change func(*vault.S3Config)
		says   string
	}{
		"bucket": {func(c *vault.S3Config) { c.Bucket = "another-bucket" }, "the bucket does not exist"},
		"key":    {func(c *vault.S3Config) { c.AccessKey = "AKIDANOTHER" }, "the store does not know the access key"},
		"secret": {func(c *vault.S3Config) { c.SecretKey = "wrong" }, "the secret key does not belong to the access key"},
		"tls":    {func(c *vault.S3Config) { c.Endpoint = strings.Replace(c.Endpoint, "http:", "https:", 1) }, "the store does not speak TLS"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newStore(t, httptest.NewServer).config()
			tt.change(&c)
			for call, err := range everything(t.Context(), s3(t, c)) {
				if vault.Reason(err) != tt.says || errors.Is(err, gateway.ErrNotFound) {
					t.Errorf("%s gives %v", call, err)
					continue
				}
				discreet(t, err)
			}
		})
	}
}

// TestS3SaysWhatTheStoreSays: the store's refusals in our words, and its troubles after
// it was asked again.
func TestS3SaysWhatTheStoreSays(t *testing.T) {
	t.Parallel()
	page := func(w http.ResponseWriter, _ *http.Request) bool {
		w.WriteHeader(http.StatusBadGateway)
		fmt.Fprint(w, "<html>"+secretBody)
		return true
	}
	cut := func(http.ResponseWriter, *http.Request) bool { panic(http.ErrAbortHandler) }
	for says, tt := range map[string]struct {
		trouble func(http.ResponseWriter, *http.Request) bool
		asked   int
	}{
		"the key is not allowed to do that in the bucket":       {refuse(403, "AccessDenied"), 1},
		"the clock of this machine is wrong by several minutes": {refuse(403, "RequestTimeTooSkewed"), 1},
		"the bucket is in another region":                       {refuse(400, "AuthorizationHeaderMalformed"), 1},
		"the store is full":                                     {refuse(507, "XMinioStorageFull"), 1},
		"the store answered 409":                                {refuse(409, "SomethingNew"), 1},
		"the store answered 500":                                {refuse(500, "InternalError"), 3},
		"the store has too much to do":                          {refuse(503, "SlowDown"), 3},
		"the store answered 502":                                {page, 3},
		"the connection was cut":                                {cut, 3},
	} {
		t.Run(says, func(t *testing.T) {
			t.Parallel()
			s := newStore(t, httptest.NewServer)
			s.trouble = tt.trouble
			v := s3(t, s.config())
			for call, err := range everything(t.Context(), v) {
				if vault.Reason(err) != says {
					t.Errorf("%s gives %v", call, err)
					continue
				}
				discreet(t, err)
			}
			// net/http sends what can be repeated once more by itself when a connection
			// that was kept breaks.
			if got := len(s.requests()); got < 4*tt.asked || (tt.asked == 1 && got > 4) {
				t.Errorf("the store was asked %d times", got)
			}
		})
	}
}

// TestS3TriesAgain: a store that is busy for a moment is asked again, with the same
// content.
func TestS3TriesAgain(t *testing.T) {
	t.Parallel()
	s := newStore(t, httptest.NewServer)
	left := 2
	s.trouble = func(w http.ResponseWriter, r *http.Request) bool {
		if left--; left < 0 {
			return false
		}
		if _, err := io.Copy(io.Discard, r.Body); err != nil {
			t.Error(err)
		}
		return refuse(503, "SlowDown")(w, r)
	}
	v := s3(t, s.config())
	if err := put(t, v, someID, "photo"); err != nil {
		t.Fatal(err)
	}
	file, err := v.Open(t.Context(), someID)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if got, err := io.ReadAll(file); err != nil || string(got) != "photo" {
		t.Errorf("%q, %v", got, err)
	}
}

// TestS3Away: a store that is not there, or does not answer.
func TestS3Away(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	s := newStore(t, httptest.NewServer)
	v := s3(t, s.config())
	s.Close()
	for call, err := range everything(ctx, v) {
		if vault.Reason(err) != "the connection was refused" {
			t.Errorf("%s gives %v", call, err)
			continue
		}
		discreet(t, err)
	}
	c := s.config()
	c.HTTP = trip(func(*http.Request) (*http.Response, error) {
		return nil, &net.OpError{Op: "dial", Err: &net.DNSError{Err: "no such host", Name: "store.test", IsNotFound: true}}
	})
	if err := s3(t, c).Ping(ctx); vault.Reason(err) != "the store's name can't be resolved" {
		t.Errorf("ping gives %v", err)
	}
	hanging := newStore(t, httptest.NewServer)
	hanging.trouble = func(_ http.ResponseWriter, r *http.Request) bool {
		// The server sees that its client is gone when the request is read.
		if _, err := io.Copy(io.Discard, r.Body); err == nil {
			<-r.Context().Done()
		}
		return true
	}
	short, cancel := context.WithTimeout(ctx, 50*time.Millisecond)
	defer cancel()
	err := s3(t, hanging.config()).Ping(short)
	if vault.Reason(err) != "there was no time left" || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("ping gives %v", err)
	}
	untrusted := newStore(t, httptest.NewTLSServer).config()
	untrusted.HTTP = nil
	if err := s3(t, untrusted).Ping(ctx); vault.Reason(err) != "the store's certificate is not trusted" {
		t.Errorf("ping gives %v", err)
	}
}

// TestS3BreaksWhileReading: content that stops in the middle is an error, never a
// shorter file.
func TestS3BreaksWhileReading(t *testing.T) {
	t.Parallel()
	s := newStore(t, httptest.NewServer)
	s.trouble = func(w http.ResponseWriter, r *http.Request) bool {
		w.Header().Set("Content-Length", "5000")
		w.Header().Set("Last-Modified", time.Now().UTC().Format(http.TimeFormat))
		w.Header().Set("ETag", `"0123"`)
		if _, err := io.WriteString(w, "the beginning"); err != nil {
			t.Error(err)
		}
		if err := http.NewResponseController(w).Flush(); err != nil {
			t.Error(err)
		}
		panic(http.ErrAbortHandler)
	}
	file, err := s3(t, s.config()).Open(t.Context(), someID)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if got, err := io.ReadAll(file); vault.Reason(err) != "the connection was cut" {
		t.Errorf("%q, %v", got, err)
	} else {
		discreet(t, err)
	}
}

// TestS3GivesBackWhatWasPut: a store that takes everything and keeps nothing is no
// store.
func TestS3GivesBackWhatWasPut(t *testing.T) {
	t.Parallel()
	s := newStore(t, httptest.NewServer)
	v := s3(t, s.config())
	s.trouble = func(w http.ResponseWriter, r *http.Request) bool {
		if r.Method != http.MethodGet {
			return false
		}
		w.Header().Set("Last-Modified", time.Now().UTC().Format(http.TimeFormat))
		fmt.Fprint(w, "a page of a proxy")
		return true
	}
	if err := v.Ping(t.Context()); !strings.Contains(vault.Reason(err), "something else") {
		t.Errorf("ping gives %v", err)
	}
}

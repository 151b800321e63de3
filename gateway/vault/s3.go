package vault

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"

	"github.com/recado/recado/gateway"
)

// The limits of an upload.
const (
	// partSize is how much is held in memory, so that it can be sent again when a
	// connection breaks: files up to it go in one request, larger ones in parts.
	partSize = 16 << 20
	// attempts is how often a request is made in all, with growing pauses.
	attempts = 3
)

// pingKey is the object that Ping writes, outside of the names that ids have.
const pingKey = "ping"

// S3 keeps content in a bucket of any store that speaks S3. It is safe for concurrent
// use.
type S3 struct {
	client minio.Core
	bucket string
	prefix string
}

// NewS3 checks the configuration and fills the defaults. It does not ask the store.
func NewS3(c S3Config) (*S3, error) {
	client, err := c.client()
	if err != nil {
		return nil, fmt.Errorf("vault: %w", err)
	}
	s := &S3{client: *client, bucket: c.Bucket}
	if prefix := strings.Trim(c.Prefix, "/"); prefix != "" {
		s.prefix = prefix + "/"
	}
	return s, nil
}

// client is the library's, which refuses some hosts that check lets pass.
func (c S3Config) client() (*minio.Core, error) {
	if err := c.check(); err != nil {
		return nil, err
	}
	if c.HTTP == nil {
		c.HTTP = newTransport()
	}
	lookup := minio.BucketLookupAuto
	if c.PathStyle {
		lookup = minio.BucketLookupPath
	}
	host, secure := c.host()
	client, err := minio.NewCore(host, &minio.Options{
		Creds: credentials.NewStaticV4(c.AccessKey, c.SecretKey, ""), Secure: secure, Transport: c.HTTP,
		// With a region the library does not ask for the bucket's own.
		Region: cmp.Or(c.Region, defaultRegion), BucketLookup: lookup, MaxRetries: attempts,
	})
	if err != nil {
		return nil, errors.New("S3Config.Endpoint is no address of a store")
	}
	return client, nil
}

// newTransport waits long enough for a store to think, and not for one that is away.
// What a whole file may take is up to the caller.
func newTransport() http.RoundTripper {
	dialer := &net.Dialer{Timeout: 10 * time.Second, KeepAlive: 30 * time.Second}
	return &http.Transport{
		Proxy: http.ProxyFromEnvironment, DialContext: dialer.DialContext, ForceAttemptHTTP2: true,
		MaxIdleConnsPerHost: 16, IdleConnTimeout: 90 * time.Second,
		TLSHandshakeTimeout: 10 * time.Second, ResponseHeaderTimeout: 30 * time.Second,
		// Content comes as it was put.
		DisableCompression: true,
	}
}

// Put implements gateway.Vault.
func (s *S3) Put(ctx context.Context, id string, content io.Reader, size int64, mime string) error {
	if !isID(id) {
		return fmt.Errorf("vault: put: %w", errID)
	}
	whole, err := newExact(content, size)
	if err != nil {
		return fmt.Errorf("vault: put: %w", err)
	}
	if err := s.put(ctx, id, whole, size, mime); err != nil {
		return fmt.Errorf("vault: put: %w", err)
	}
	return nil
}

// put sends content in one request from memory, or in parts, which S3 makes an object
// of when the last is there.
func (s *S3) put(ctx context.Context, id string, whole *exact, size int64, mime string) error {
	if size <= partSize {
		held := make([]byte, size)
		if _, err := io.ReadFull(whole, held); err != nil {
			return err
		}
		return s.putOne(ctx, id, held, mime)
	}
	_, err := s.client.Client.PutObject(ctx, s.bucket, s.prefix+id, whole, size, minio.PutObjectOptions{
		// With the sum of each part the library holds it, and can send it again.
		ContentType: mime, PartSize: partSize, NumThreads: 1, SendContentMd5: true, DisableContentSha256: true,
	})
	if whole.err != nil {
		return whole.err
	}
	return inStore(ctx, err)
}

// putOne signs the content with the request, so that the store checks what came. The
// library's own sum is switched off: over TLS it is none, and in clear it is signed
// chunks, which fail for an empty file.
func (s *S3) putOne(ctx context.Context, name string, content []byte, mime string) error {
	sum := sha256.Sum256(content)
	_, err := s.client.PutObject(ctx, s.bucket, s.prefix+name, bytes.NewReader(content), int64(len(content)),
		"", hex.EncodeToString(sum[:]), minio.PutObjectOptions{ContentType: mime, DisableContentSha256: true})
	return inStore(ctx, err)
}

// Open implements gateway.Vault. The content can be read as long as ctx lasts.
func (s *S3) Open(ctx context.Context, id string) (io.ReadCloser, error) {
	if err := unknown(id); err != nil {
		return nil, fmt.Errorf("vault: open: %w", err)
	}
	content, err := s.open(ctx, id)
	if err != nil {
		return nil, fmt.Errorf("vault: open: %w", err)
	}
	return content, nil
}

func (s *S3) open(ctx context.Context, name string) (io.ReadCloser, error) {
	content, _, _, err := s.client.GetObject(ctx, s.bucket, s.prefix+name, minio.GetObjectOptions{})
	if minio.ToErrorResponse(err).Code == minio.NoSuchKey {
		return nil, gateway.ErrNotFound
	}
	if err != nil {
		return nil, inStore(ctx, err)
	}
	return &stored{ctx: ctx, from: content}, nil
}

// stored is the content of an object on its way.
type stored struct {
	ctx  context.Context
	from io.ReadCloser
}

// Read implements io.Reader.
func (s *stored) Read(p []byte) (int, error) {
	n, err := s.from.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		err = fmt.Errorf("vault: read: %w", inStore(s.ctx, err))
	}
	return n, err
}

// Close implements io.Closer.
func (s *stored) Close() error { return s.from.Close() }

// Remove implements gateway.Vault. In a bucket that keeps versions the older ones stay,
// until the bucket's own rules remove them.
func (s *S3) Remove(ctx context.Context, id string) error {
	if !isID(id) {
		return nil
	}
	err := s.client.RemoveObject(ctx, s.bucket, s.prefix+id, minio.RemoveObjectOptions{})
	if err != nil && minio.ToErrorResponse(err).Code != minio.NoSuchKey {
		return fmt.Errorf("vault: remove: %w", inStore(ctx, err))
	}
	return nil
}

// Ping implements gateway.Vault: it puts an object of a few bytes and opens it. The
// object stays and is replaced by the next call.
func (s *S3) Ping(ctx context.Context) error {
	if err := s.putOne(ctx, pingKey, []byte(probeText), "text/plain"); err != nil {
		return fmt.Errorf("vault: ping: %w", err)
	}
	content, err := s.open(ctx, pingKey)
	if err != nil {
		return fmt.Errorf("vault: ping: %w", err)
	}
	defer content.Close()
	got, err := io.ReadAll(io.LimitReader(content, int64(len(probeText))+1))
	if err != nil {
		return fmt.Errorf("vault: ping: %w", err)
	}
	if string(got) != probeText {
		return fmt.Errorf("vault: ping: %w", &failure{what: "the store gives back something else than was put"})
	}
	return nil
}

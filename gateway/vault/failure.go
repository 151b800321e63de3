package vault

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"os"
	"strings"
	"syscall"

	"github.com/minio/minio-go/v7"
)

// failure is why content could not be put or had. Its text is made of fixed words and
// the status, never of what a server or the network said.
type failure struct {
	what   string
	status int
	// cause is an error that callers branch on, of a context or the file system.
	cause error
}

// Error implements error.
func (f *failure) Error() string {
	if f.status != 0 {
		return fmt.Sprintf("%s %d", f.what, f.status)
	}
	return f.what
}

// Unwrap gives the cause.
func (f *failure) Unwrap() error { return f.cause }

// Reason gives why a call failed in a sentence without keys, addresses and paths, such
// as "the bucket does not exist". Of an error that is not from here it gives nothing.
func Reason(err error) string {
	var f *failure
	if !errors.As(err, &f) {
		return ""
	}
	return f.Error()
}

// onDisk names what is wrong with a disk.
func onDisk(err error) error {
	f := &failure{cause: err}
	switch {
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		f.what = "the disk is full"
	case errors.Is(err, fs.ErrPermission):
		f.what = "the folder is not this user's to write to"
	case errors.Is(err, syscall.EROFS):
		f.what = "the disk can only be read"
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, syscall.ENOTDIR):
		f.what = "the folder is not there"
	case isPath(err):
		f.what = "the disk failed"
	default:
		// The content's reader and the caller's time have words of their own.
		return err
	}
	return f
}

func isPath(err error) bool {
	_, file := errors.AsType[*fs.PathError](err)
	_, link := errors.AsType[*os.LinkError](err)
	return file || link
}

// refusals are the answers of S3 that whoever sets it up can do something about.
var refusals = map[string]string{
	"NoSuchBucket":                   "the bucket does not exist",
	"InvalidBucketName":              "the store does not take the name of the bucket",
	"InvalidAccessKeyId":             "the store does not know the access key",
	"SignatureDoesNotMatch":          "the secret key does not belong to the access key",
	"AccessDenied":                   "the key is not allowed to do that in the bucket",
	"AllAccessDisabled":              "the key is not allowed to do that in the bucket",
	"AccountProblem":                 "the account is not in order",
	"ExpiredToken":                   "the key has expired",
	"RequestTimeTooSkewed":           "the clock of this machine is wrong by several minutes",
	"AuthorizationHeaderMalformed":   "the bucket is in another region",
	"PermanentRedirect":              "the bucket is in another region",
	"TemporaryRedirect":              "the bucket is in another region",
	"InvalidRegion":                  "the store does not know the region",
	"EntityTooLarge":                 "the file is larger than the store takes",
	"QuotaExceeded":                  "the store is full",
	"XMinioStorageFull":              "the store is full",
	"XMinioAdminBucketQuotaExceeded": "the store is full",
	"SlowDown":                       "the store has too much to do",
	"BadDigest":                      "the content was damaged on the way",
}

// inStore names what is wrong with a store that speaks S3, for a caller that waits with
// ctx.
func inStore(ctx context.Context, err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(ctx.Err(), context.Canceled):
		return &failure{what: "the caller gave up", cause: ctx.Err()}
	case ctx.Err() != nil:
		return &failure{what: "there was no time left", cause: ctx.Err()}
	}
	answer, ok := errors.AsType[minio.ErrorResponse](err)
	if !ok || answer.StatusCode == 0 {
		return unreachable(err)
	}
	if what := refusals[answer.Code]; what != "" {
		return &failure{what: what}
	}
	if answer.StatusCode == http.StatusMovedPermanently || answer.StatusCode == http.StatusTemporaryRedirect {
		return &failure{what: refusals["PermanentRedirect"]}
	}
	return &failure{what: "the store answered", status: answer.StatusCode}
}

// closedByHost is what minio-go says in the place of io.EOF.
const closedByHost = "Connection closed by foreign host"

// unreachable names what went wrong on the way in fixed words: the errors of the network
// hold addresses, and those of a URL the names of buckets and files.
func unreachable(err error) *failure {
	var (
		name    *net.DNSError
		trouble net.Error
		trust   *tls.CertificateVerificationError
	)
	f := &failure{what: "the connection failed"}
	switch {
	case errors.As(err, &trust):
		f.what = "the store's certificate is not trusted"
	case errors.Is(err, http.ErrSchemeMismatch):
		f.what = "the store does not speak TLS"
	case errors.As(err, &trouble) && trouble.Timeout():
		f.what = "the store did not answer in time"
	case errors.As(err, &name):
		f.what = "the store's name can't be resolved"
	case errors.Is(err, syscall.ECONNREFUSED):
		f.what = "the connection was refused"
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF), errors.Is(err, syscall.ECONNRESET),
		strings.Contains(err.Error(), closedByHost):
		f.what = "the connection was cut"
	}
	return f
}

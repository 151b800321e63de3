package vault

import (
	"errors"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
)

// defaultRegion is what stores that have no regions call theirs, and Amazon its first.
const defaultRegion = "us-east-1"

// S3Config is what an S3 is made of. Endpoint, Bucket and the two keys are needed.
type S3Config struct {
	// Endpoint is the store's address, such as https://s3.eu-west-1.amazonaws.com or
	// http://localhost:9000.
	Endpoint string
	// Bucket is the name of a bucket that exists.
	Bucket string
	// Region is the bucket's; us-east-1 by default, which stores without regions take.
	Region string
	// AccessKey and SecretKey may put, get and delete objects in the bucket.
	AccessKey, SecretKey string
	// Prefix goes before the name of every object, with a slash between.
	Prefix string
	// PathStyle names the bucket in the path also for the providers that usually have
	// it in the host's name; all other stores are asked that way anyway.
	PathStyle bool
	// HTTP does the requests. By default it is a transport with time limits.
	HTTP http.RoundTripper
}

var (
	bucketName = regexp.MustCompile(`^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$`)
	regionName = regexp.MustCompile(`^[A-Za-z0-9-]{1,64}$`)
	prefixName = regexp.MustCompile(`^[A-Za-z0-9._-]+(/[A-Za-z0-9._-]+)*$`)
)

// check names the field that is wrong and repeats no secret.
func (c S3Config) check() error {
	address, err := url.Parse(c.Endpoint)
	prefix := strings.Trim(c.Prefix, "/")
	switch {
	case c.Endpoint == "":
		return errors.New("S3Config.Endpoint is missing")
	case err != nil || address.Host == "" || (address.Scheme != "http" && address.Scheme != "https"):
		return errors.New("S3Config.Endpoint is no address such as https://host")
	case address.User != nil || strings.Trim(address.Path, "/") != "" || address.RawQuery != "" || address.Fragment != "":
		return errors.New("S3Config.Endpoint ends with the host or its port")
	case c.Bucket == "":
		return errors.New("S3Config.Bucket is missing")
	case !bucketName.MatchString(c.Bucket) || strings.Contains(c.Bucket, ".."):
		return errors.New("S3Config.Bucket is 3 to 63 lower-case letters, digits, dots and hyphens")
	case c.AccessKey == "":
		return errors.New("S3Config.AccessKey is missing")
	case c.SecretKey == "":
		return errors.New("S3Config.SecretKey is missing")
	case strings.ContainsFunc(c.AccessKey+c.SecretKey, func(r rune) bool { return r <= ' ' || r > '~' }):
		return errors.New("S3Config holds a key with a character that no key has, such as a line break")
	case c.Region != "" && !regionName.MatchString(c.Region):
		return errors.New("S3Config.Region is no region such as eu-west-1")
	case prefix != "" && (!prefixName.MatchString(prefix) || strings.Contains("/"+prefix+"/", "/../") || strings.Contains("/"+prefix+"/", "/./")):
		return errors.New("S3Config.Prefix is letters, digits, dots, hyphens and underscores, with slashes between")
	}
	return nil
}

// host is the endpoint as the library wants it. check has looked at it.
func (c S3Config) host() (host string, secure bool) {
	scheme, host, _ := strings.Cut(c.Endpoint, "://")
	return strings.TrimRight(host, "/"), strings.EqualFold(scheme, "https")
}

// The errors of ParseS3. None of them repeats anything of the text: what is in the wrong
// place there may be the secret.
var (
	errForm    = errors.New("it is not of the form s3://KEY:SECRET@host/bucket/prefix?region=eu-west-1")
	errEscape  = errors.New("a percent sign in the key or the secret has to be written as %25")
	errKeys    = errors.New("the key or the secret before the @ is missing")
	errHost    = errors.New("the host after the @ is missing or is none")
	errBucket  = errors.New("the bucket after the host is missing")
	errQuery   = errors.New("after the question mark only region, tls and path can stand, each once")
	errBoolean = errors.New("tls and path are true or false")
)

// ParseS3 reads a configuration from one line of settings,
//
//	s3://KEY:SECRET@host[:port]/bucket/prefix?region=eu-west-1&tls=false&path=true
//
// tls=false asks in clear, for a store on the same machine, and path=true sets
// PathStyle. Slashes and other marks in the secret may stand as they are; only a percent
// sign has to be written as %25. The errors repeat nothing of the text.
func ParseS3(text string) (S3Config, error) {
	rest, ok := strings.CutPrefix(strings.TrimSpace(text), "s3://")
	if !ok {
		return S3Config{}, errForm
	}
	// Secrets hold slashes, plus signs and, in some stores, anything.
	at := strings.LastIndexByte(rest, '@')
	if at < 0 {
		return S3Config{}, errKeys
	}
	var c S3Config
	if err := c.keys(rest[:at]); err != nil {
		return S3Config{}, err
	}
	place, err := url.Parse("https://" + rest[at+1:])
	if err != nil || place.Hostname() == "" || place.Fragment != "" {
		return S3Config{}, errHost
	}
	c.Endpoint = "https://" + place.Host
	c.Bucket, c.Prefix, _ = strings.Cut(strings.Trim(place.Path, "/"), "/")
	if c.Bucket == "" {
		return S3Config{}, errBucket
	}
	if err := c.options(place.RawQuery); err != nil {
		return S3Config{}, err
	}
	if _, err := c.client(); err != nil {
		return S3Config{}, err
	}
	return c, nil
}

func (c *S3Config) keys(text string) error {
	key, secret, _ := strings.Cut(text, ":")
	var broken [2]error
	c.AccessKey, broken[0] = url.PathUnescape(key)
	c.SecretKey, broken[1] = url.PathUnescape(secret)
	switch {
	case broken[0] != nil || broken[1] != nil:
		return errEscape
	case c.AccessKey == "" || c.SecretKey == "":
		return errKeys
	}
	return nil
}

func (c *S3Config) options(query string) error {
	values, err := url.ParseQuery(query)
	if err != nil {
		return errQuery
	}
	for name, list := range values {
		if len(list) != 1 {
			return errQuery
		}
		switch name {
		case "region":
			c.Region = list[0]
		case "tls":
			secure, err := strconv.ParseBool(list[0])
			if err != nil {
				return errBoolean
			}
			if !secure {
				c.Endpoint = "http://" + strings.TrimPrefix(c.Endpoint, "https://")
			}
		case "path":
			if c.PathStyle, err = strconv.ParseBool(list[0]); err != nil {
				return errBoolean
			}
		default:
			return errQuery
		}
	}
	return nil
}

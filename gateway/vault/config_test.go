package vault_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/recado/recado/gateway/vault"
)

func TestParseS3(t *testing.T) {
	t.Parallel()
	plain := vault.S3Config{Endpoint: "https://s3.example.com", Bucket: "shop-files", AccessKey: "KEY", SecretKey: "SECRET"}
	with := func(change func(*vault.S3Config)) vault.S3Config {
		c := plain
		change(&c)
		return c
	}
	for text, want := range map[string]vault.S3Config{
		"s3://KEY:SECRET@s3.example.com/shop-files":      plain,
		" s3://KEY:SECRET@s3.example.com/shop-files/\n":  plain,
		"s3://KEY:SECRET@s3.example.com/shop-files/a/b/": with(func(c *vault.S3Config) { c.Prefix = "a/b" }),
		"s3://KEY:SECRET@localhost:9000/shop-files?tls=false": with(func(c *vault.S3Config) {
			c.Endpoint = "http://localhost:9000"
		}),
		"s3://KEY:SECRET@[::1]:9000/shop-files?tls=0&path=1": with(func(c *vault.S3Config) {
			c.Endpoint, c.PathStyle = "http://[::1]:9000", true
		}),
		"s3://KEY:SECRET@s3.example.com/shop-files?region=eu-west-1&tls=true&path=true": with(func(c *vault.S3Config) {
			c.Region, c.PathStyle = "eu-west-1", true
		}),
		"s3://KEY:wJalr/K7M+bPx=@s3.example.com/shop-files": with(func(c *vault.S3Config) { c.SecretKey = "wJalr/K7M+bPx=" }),
		"s3://KEY:a:b@c?d#e@s3.example.com/shop-files":      with(func(c *vault.S3Config) { c.SecretKey = "a:b@c?d#e" }),
		"s3://K%3AY:%2F%25@s3.example.com/shop-files": with(func(c *vault.S3Config) {
			c.AccessKey, c.SecretKey = "K:Y", "/%"
		}),
	} {
		got, err := vault.ParseS3(text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
		} else if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s", text, diff)
		}
	}
}

// wrong are texts that are no configuration. Each holds the secret.
func wrong() []string {
	return []string{
		"SECRET", "https://KEY:SECRET@s3.example.com/shop-files", "s3:KEY:SECRET@s3.example.com/shop-files",
		"s3://KEY:SECRET/shop-files", "s3://SECRET@s3.example.com/shop-files", "s3://:SECRET@s3.example.com/shop-files",
		"s3://SECRET:@s3.example.com/shop-files", "s3://KEY:SECRET%@s3.example.com/shop-files", "s3://KEY:SECRET%zz@s3.example.com/shop-files",
		"s3://KEY:SECRET@/shop-files", "s3://KEY:SECRET@!/shop-files", "s3://KEY:SECRET@:9000/shop-files", "s3://KEY:SECRET@s3.example.com:port/shop-files",
		"s3://KEY:SECRET@s3.example.com", "s3://KEY:SECRET@s3.example.com/", "s3://KEY:SECRET@s3.example.com/UPPER",
		"s3://KEY:SECRET@s3.example.com/ab", "s3://KEY:SECRET@s3.example.com/a..b", "s3://KEY:SECRET@s3.example.com/shop-files/../x",
		"s3://KEY:SECRET@s3.example.com/shop-files/a b", "s3://KEY:SECRET@s3.example.com/shop-files/a//b",
		"s3://KEY:SECRET@s3.example.com/shop-files#SECRET", "s3://KEY:SECRET@s3.example.com/shop-files?tls=no",
		"s3://KEY:SECRET@s3.example.com/shop-files?path=", "s3://KEY:SECRET@s3.example.com/shop-files?secret=SECRET",
		"s3://KEY:SECRET@s3.example.com/shop-files?tls=true&tls=false", "s3://KEY:SECRET@s3.example.com/shop-files?region=SECRET%20x",
		"s3://KEY:SECRET@s3.example.com/shop-files?%zz", "s3://KEY:SECRET\n@s3.example.com/shop-files", "s3://KEY:SECRETñ@s3.example.com/shop-files",
	}
}

func TestParseS3Refuses(t *testing.T) {
	t.Parallel()
	for _, text := range wrong() {
		c, err := vault.ParseS3(text)
		switch {
		case err == nil:
			t.Errorf("%q is read as %+v", text, c)
		case !cmp.Equal(c, vault.S3Config{}):
			t.Errorf("%q gives an error and %+v", text, c)
		case strings.Contains(strings.ReplaceAll(err.Error(), "KEY:SECRET@host", ""), "SECRET"):
			t.Errorf("the secret is told in: %v", err)
		}
	}
}

// TestParseS3TakesAnySecret: what is written as a URL is written comes back.
func TestParseS3TakesAnySecret(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		secret := rapid.StringMatching(`[!-~]{1,60}`).Draw(t, "secret")
		c, err := vault.ParseS3("s3://KEY:" + url.PathEscape(secret) + "@s3.example.com/shop-files/p?region=eu-west-1")
		if err != nil || c.SecretKey != secret || c.Bucket != "shop-files" || c.Prefix != "p" || c.Region != "eu-west-1" {
			t.Fatalf("%+v, %v", c, err)
		}
		if _, err := vault.NewS3(c); err != nil {
			t.Fatal(err)
		}
	})
}

func FuzzParseS3(f *testing.F) {
	for _, text := range wrong() {
		f.Add(text)
	}
	f.Add("s3://KEY:wJalr/K7M+bPx=@s3.example.com:9000/shop-files/prefix?region=eu-west-1&tls=false&path=true")
	f.Fuzz(func(t *testing.T, text string) {
		c, err := vault.ParseS3(text)
		if err != nil {
			if !cmp.Equal(c, vault.S3Config{}) {
				t.Errorf("an error and %+v", c)
			}
			return
		}
		if _, err := vault.NewS3(c); err != nil {
			t.Errorf("%q is read and can't be used: %v", text, err)
		}
	})
}

func TestNewS3NamesTheWrongField(t *testing.T) {
	t.Parallel()
	good := vault.S3Config{Endpoint: "https://s3.example.com", Bucket: "shop-files", AccessKey: "KEY", SecretKey: "SECRET"}
	if _, err := vault.NewS3(good); err != nil {
		t.Fatal(err)
	}
	for says, changes := range map[string][]func(*vault.S3Config){
		"Endpoint": {
			func(c *vault.S3Config) { c.Endpoint = "" }, func(c *vault.S3Config) { c.Endpoint = "s3.example.com" },
			func(c *vault.S3Config) { c.Endpoint = "https://SECRET@s3.example.com" },
			func(c *vault.S3Config) { c.Endpoint = "https://s3.example.com/shop-files" },
			func(c *vault.S3Config) { c.Endpoint = "https://s3.example.com:SECRET" },
		},
		"Bucket":    {func(c *vault.S3Config) { c.Bucket = "" }, func(c *vault.S3Config) { c.Bucket = "a/b/c" }},
		"Region":    {func(c *vault.S3Config) { c.Region = "eu west" }},
		"AccessKey": {func(c *vault.S3Config) { c.AccessKey = "" }},
		"SecretKey": {func(c *vault.S3Config) { c.SecretKey = "" }},
		"key":       {func(c *vault.S3Config) { c.SecretKey = "SECRET\r\n" }},
		"Prefix":    {func(c *vault.S3Config) { c.Prefix = "a/../b" }, func(c *vault.S3Config) { c.Prefix = "a?b" }},
	} {
		for _, change := range changes {
			c := good
			change(&c)
			v, err := vault.NewS3(c)
			if err == nil || v != nil || !strings.Contains(err.Error(), says) || strings.Contains(err.Error(), "SECRET") {
				t.Errorf("%s: %v", says, err)
			}
		}
	}
}

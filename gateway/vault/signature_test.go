package vault_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
)

// signature checks a request as Amazon describes Signature Version 4, and gives S3's
// code for what is wrong with it, or nothing.
func signature(r *http.Request, key, secret string) string {
	scheme, rest, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	fields := map[string]string{}
	for field := range strings.SplitSeq(rest, ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(field), "=")
		fields[name] = value
	}
	scope := strings.Split(fields["Credential"], "/")
	switch {
	case scheme != "AWS4-HMAC-SHA256" || len(scope) != 5:
		return "AccessDenied"
	case scope[0] != key:
		return "InvalidAccessKeyId"
	}
	text := strings.Join([]string{
		"AWS4-HMAC-SHA256", r.Header.Get("X-Amz-Date"), strings.Join(scope[1:], "/"), hash(canonical(r, fields["SignedHeaders"])),
	}, "\n")
	signing := []byte("AWS4" + secret)
	for _, part := range scope[1:] {
		signing = mac(signing, part)
	}
	if hex.EncodeToString(mac(signing, text)) != fields["Signature"] {
		return "SignatureDoesNotMatch"
	}
	return ""
}

// canonical is the request as both sides write it down.
func canonical(r *http.Request, signed string) string {
	lines := []string{r.Method, (&url.URL{Path: r.URL.Path}).EscapedPath(), strings.ReplaceAll(r.URL.Query().Encode(), "+", "%20")}
	names := strings.Split(signed, ";")
	slices.Sort(names)
	for _, name := range names {
		value := strings.Join(r.Header.Values(name), ",")
		switch name {
		case "host":
			value = r.Host
		case "content-length":
			value = "" // not among those that are signed
		}
		lines = append(lines, name+":"+strings.TrimSpace(value))
	}
	return strings.Join(append(lines, "", signed, r.Header.Get("X-Amz-Content-Sha256")), "\n")
}

func mac(key []byte, text string) []byte {
	h := hmac.New(sha256.New, key)
	h.Write([]byte(text))
	return h.Sum(nil)
}

func hash(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

// TestSignature holds the check against the example in Amazon's documentation of
// Signature Version 4 for S3, GET of a range of an object.
func TestSignature(t *testing.T) {
	t.Parallel()
	const (
		key    = "AKIAIOSFODNN7EXAMPLE"
		secret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
	)
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://examplebucket.s3.amazonaws.com/test.txt", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Range", "bytes=0-9")
	r.Header.Set("X-Amz-Content-Sha256", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
	r.Header.Set("X-Amz-Date", "20130524T000000Z")
	r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential="+key+"/20130524/us-east-1/s3/aws4_request,"+
		"SignedHeaders=host;range;x-amz-content-sha256;x-amz-date,"+
		"Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41")
	for _, tt := range []struct{ key, secret, code string }{
		{key, secret, ""}, {"AKIDANOTHER", secret, "InvalidAccessKeyId"}, {key, secret + "x", "SignatureDoesNotMatch"},
	} {
		if got := signature(r, tt.key, tt.secret); got != tt.code {
			t.Errorf("the code is %q, not %q", got, tt.code)
		}
	}
	r.Header.Del("Authorization")
	if got := signature(r, key, secret); got != "AccessDenied" {
		t.Errorf("without a signature the code is %q", got)
	}
}

package whatsapp

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/recado/recado/gateway"
)

// metaHosts are the domains that Meta gives customers' files out from.
func metaHosts() []string {
	return []string{"fbsbx.com", "facebook.com", "whatsapp.net", "fbcdn.net"}
}

// maxHops is how many redirects are followed on the way to a file, all of them to
// hosts that may have the token.
const maxHops = 3

var (
	// errStale says that the address of a file is not good any more.
	errStale = errors.New("the file's address has run out")
	// errForeign says that the address leads to somebody else.
	errForeign = errors.New("the file's address does not lead to the channel")
)

// found is what the channel tells of a file.
type found struct {
	address string
	size    int64
	sha256  string
}

// Fetch implements gateway.FileSource: it asks for the file's address, which is good
// for a few minutes, and fetches the content from there.
func (c *Client) Fetch(ctx context.Context, f *gateway.File, w io.Writer, limit int64) error {
	if f.Media.ProviderID == "" {
		return gateway.ErrFileGone
	}
	var err error
	for range 2 {
		// An address that has run out meanwhile is asked for once more.
		if err = c.fetchOnce(ctx, f, w, limit); !errors.Is(err, errStale) {
			return err
		}
	}
	return err
}

func (c *Client) fetchOnce(ctx context.Context, f *gateway.File, w io.Writer, limit int64) error {
	file, err := c.locate(ctx, f)
	if err != nil {
		return err
	}
	if file.size > limit {
		return gateway.ErrFileTooLarge
	}
	response, err := c.download(ctx, file.address)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.ContentLength > limit {
		return gateway.ErrFileTooLarge
	}
	hash := sha256.New()
	if err := copyAtMost(io.MultiWriter(w, hash), response.Body, limit); err != nil {
		return err
	}
	sum := hex.EncodeToString(hash.Sum(nil))
	for _, want := range []string{hexHash(f.Media.SHA256), file.sha256} {
		if want != "" && want != sum {
			return gateway.ErrFileDamaged
		}
	}
	return nil
}

// copyAtMost copies all there is and no more than the limit.
func copyAtMost(w io.Writer, r io.Reader, limit int64) error {
	if _, err := io.Copy(w, io.LimitReader(r, limit)); err != nil {
		return fmt.Errorf("copy the file: %w", unaddressed(err))
	}
	switch n, err := io.ReadFull(r, make([]byte, 1)); {
	case n > 0:
		return gateway.ErrFileTooLarge
	case !errors.Is(err, io.EOF):
		return fmt.Errorf("copy the file: %w", unaddressed(err))
	}
	return nil
}

// surelyGone is the attempt at which a file that the channel does not know counts as
// gone: it says the same while it may not be seen with this token, or not yet.
const surelyGone = 3

// locate asks where a file is. The number's id has the channel check that the file
// was sent to it.
func (c *Client) locate(ctx context.Context, f *gateway.File) (found, error) {
	query := url.Values{}
	if f.Channel != "" {
		query.Set("phone_number_id", f.Channel)
	}
	top, err := c.read(ctx, query, f.Media.ProviderID)
	var refused *AccountError
	switch {
	case errors.As(err, &refused) && refused.Code == 100 && f.Attempt < surelyGone:
		return found{}, fmt.Errorf("ask for the file's address: %w", err)
	case errors.As(err, &refused) && (refused.Missing() || refused.Status == http.StatusNotFound || refused.Status == http.StatusGone):
		return found{}, gateway.ErrFileGone
	case err != nil:
		return found{}, fmt.Errorf("ask for the file's address: %w", err)
	case top.str("url") == "":
		return found{}, fmt.Errorf("ask for the file's address: %w: there is none", ErrNoAnswer)
	}
	// A size that can't be read is found out while reading.
	size, _ := strconv.ParseInt(top.str("file_size"), 10, 64)
	return found{address: top.str("url"), size: size, sha256: hexHash(top.str("sha256"))}, nil
}

// download asks for the content. The token goes along, so every address on the way
// must be one of the channel's.
func (c *Client) download(ctx context.Context, address string) (*http.Response, error) {
	to, err := url.Parse(address)
	for hop := 0; err == nil && hop <= maxHops && c.mayFetch(to); hop++ {
		response, failure := c.askContent(ctx, to)
		if failure != nil {
			return nil, failure
		}
		if response.StatusCode == http.StatusOK {
			return response, nil
		}
		_ = response.Body.Close()
		if response.StatusCode < 300 || response.StatusCode > 399 {
			return nil, contentRefused(response.StatusCode)
		}
		to, err = to.Parse(response.Header.Get("Location"))
	}
	return nil, errForeign
}

func (c *Client) askContent(ctx context.Context, to *url.URL) (*http.Response, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, to.String(), http.NoBody)
	if err != nil {
		return nil, fmt.Errorf("make a request: %w", unaddressed(err))
	}
	request.Header.Set("Authorization", "Bearer "+c.config.Token)
	response, err := c.transfer.Do(request)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNoAnswer, unaddressed(err))
	}
	return response, nil
}

// contentRefused judges an address that gave no content. After it was asked for anew,
// an address that leads nowhere means that there is nothing.
func contentRefused(status int) error {
	switch status {
	case http.StatusNotFound, http.StatusGone:
		return fmt.Errorf("%w: %w", errStale, gateway.ErrFileGone)
	case http.StatusUnauthorized, http.StatusForbidden:
		return errStale
	}
	return fmt.Errorf("%w: the file's address gave status %d", ErrNoAnswer, status)
}

// mayFetch tells whether an address is the channel's: one of Meta's or of the
// configured hosts, or the API itself when that is an emulator.
func (c *Client) mayFetch(to *url.URL) bool {
	if to.User != nil || to.Host == "" {
		return false
	}
	origin := strings.ToLower(to.Scheme + "://" + to.Host)
	if origin == strings.ToLower(c.base.Scheme+"://"+c.base.Host) {
		return true
	}
	host, plain := strings.ToLower(to.Hostname()), to.Scheme == "https" && (to.Port() == "" || to.Port() == "443")
	return slices.ContainsFunc(slices.Concat(metaHosts(), c.config.MediaHosts), func(known string) bool {
		known = strings.ToLower(strings.TrimRight(known, "/"))
		if strings.Contains(known, "://") {
			return origin == known
		}
		return plain && known != "" && (host == known || strings.HasSuffix(host, "."+known))
	})
}

package sources

import (
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"syscall"
	"time"

	"code.dny.dev/ssrf"
)

// metadataServers give a cloud machine's passwords to whoever asks from it. No network
// that is allowed makes them a site.
var metadataServers = []string{"169.254.169.254", "fd00:ec2::254", "fd20:ce::254", "100.100.100.200"}

// newClient is a client that reaches public addresses only. It follows no redirect by
// itself, so that each one can be looked at.
func newClient(c Config) *http.Client {
	dialer := &net.Dialer{Timeout: 10 * time.Second, KeepAlive: 30 * time.Second, Resolver: c.Resolver, Control: control(c.AllowPrivate)}
	return &http.Client{
		Transport: &http.Transport{
			// No proxy, see the package's comment.
			DialContext:            dialer.DialContext,
			ForceAttemptHTTP2:      true,
			MaxIdleConnsPerHost:    4,
			IdleConnTimeout:        30 * time.Second,
			TLSHandshakeTimeout:    10 * time.Second,
			ResponseHeaderTimeout:  c.Timeout,
			MaxResponseHeaderBytes: 256 << 10,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// control refuses addresses that are not public. It is called when a name is resolved
// already, right before each connection, so that it sees what a name is for this one.
func control(allowed []netip.Prefix) func(network, address string, c syscall.RawConn) error {
	var v4, v6 []netip.Prefix
	for _, prefix := range allowed {
		if prefix.Addr().Is4() {
			v4 = append(v4, prefix)
		} else {
			v6 = append(v6, prefix)
		}
	}
	guard := ssrf.New(ssrf.WithAnyPort(), ssrf.WithAllowedV4Prefixes(v4...), ssrf.WithAllowedV6Prefixes(v6...))
	return func(network, address string, c syscall.RawConn) error {
		err := guard.Safe(network, address, c)
		if to, bad := netip.ParseAddrPort(address); bad == nil && slices.Contains(metadataServers, to.Addr().Unmap().WithZone("").String()) {
			err = ssrf.ErrProhibitedIP
		}
		if err != nil {
			return fmt.Errorf("%w (%w)", ErrPrivate, err)
		}
		return nil
	}
}

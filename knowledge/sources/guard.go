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
var metadataServers = []string{"169.254.169.254", "fd00:ec2::254", "fd20:ce::254", "100.100.100.200", "168.63.129.16"}

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
		if to, bad := netip.ParseAddrPort(address); bad == nil && slices.ContainsFunc(meant(to.Addr()), isMetadataServer) {
			err = ssrf.ErrProhibitedIP
		}
		if err != nil {
			return fmt.Errorf("%w (%w)", ErrPrivate, err)
		}
		return nil
	}
}

func isMetadataServer(a netip.Addr) bool { return slices.Contains(metadataServers, a.String()) }

// meant are the addresses that a connection to an address can end at: gateways between
// the two versions of IP take the older address out of the newer one.
func meant(a netip.Addr) []netip.Addr {
	a = a.Unmap().WithZone("")
	all := []netip.Addr{a}
	if a.Is4() {
		return all
	}
	b := a.As16()
	for _, wrapping := range []struct {
		prefix string
		older  [4]byte
	}{
		{"::/96", [4]byte(b[12:])},
		{"64:ff9b::/96", [4]byte(b[12:])},
		{"64:ff9b:1::/48", [4]byte(b[12:])},
		{"64:ff9b:1::/48", [4]byte{b[6], b[7], b[9], b[10]}}, // RFC 6052 leaves a byte free
		{"2002::/16", [4]byte(b[2:6])},
	} {
		if netip.MustParsePrefix(wrapping.prefix).Contains(a) {
			all = append(all, netip.AddrFrom4(wrapping.older))
		}
	}
	return all
}

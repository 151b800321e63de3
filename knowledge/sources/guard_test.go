package sources

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"

	"golang.org/x/net/dns/dnsmessage"
)

func TestControl(t *testing.T) {
	t.Parallel()
	public := control(nil)
	for _, address := range []string{
		"127.0.0.1:80", "10.1.2.3:80", "172.16.0.1:443", "192.168.1.1:80", "169.254.169.254:80", "100.64.0.1:80", "100.100.100.200:80", "0.0.0.0:80",
		"224.0.0.1:80", "255.255.255.255:80", "198.18.0.1:80", "[::1]:80", "[::]:80", "[fe80::1%eth0]:80", "[fc00::1]:80", "[fd00:ec2::254]:80", "[ff02::1]:80",
		"[::ffff:127.0.0.1]:80", "[::ffff:10.0.0.1]:80", "[64:ff9b::7f00:1]:80", "[2002:7f00:1::]:80", "[2001::1]:80", "nonsense",
	} {
		network := "tcp4"
		if strings.HasPrefix(address, "[") {
			network = "tcp6"
		}
		if err := public(network, address, nil); !errors.Is(err, ErrPrivate) {
			t.Errorf("%s: %v", address, err)
		}
	}
	if err := public("tcp4", "168.63.129.16:80", nil); !errors.Is(err, ErrPrivate) {
		t.Errorf("the server of Azure's machines: %v", err)
	}
	for network, address := range map[string]string{"tcp4": "93.184.216.34:8443", "tcp6": "[2606:2800:220:1:248:1893:25c8:1946]:443"} {
		if err := public(network, address, nil); err != nil {
			t.Errorf("%s: %v", address, err)
		}
	}
	all := control([]netip.Prefix{netip.MustParsePrefix("0.0.0.0/0"), netip.MustParsePrefix("::/0")})
	for address, want := range map[string]bool{
		"10.0.0.1:80": true, "[fd12::1]:80": true, "169.254.169.254:80": false, "[fd00:ec2::254]:80": false, "[::ffff:169.254.169.254]:80": false,
		"168.63.129.16:80": false, "[64:ff9b::a9fe:a9fe]:80": false, "[64:ff9b:1::a9fe:a9fe]:80": false, "[64:ff9b:1:a9fe:a9:fe00::]:80": false,
		"[2002:a9fe:a9fe::1]:80": false, "[::a9fe:a9fe]:80": false, "[64:ff9b::a00:1]:80": true,
	} {
		network := "tcp4"
		if strings.HasPrefix(address, "[") {
			network = "tcp6"
		}
		if err := all(network, address, nil); (err == nil) != want {
			t.Errorf("%s with all allowed: %v", address, err)
		}
	}
}

// resolver answers every name with the next of the addresses, and with the last one ever
// after.
func resolver(tb testing.TB, addresses ...string) (*net.Resolver, *atomic.Int64) {
	tb.Helper()
	socket, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { socket.Close() })
	asked := &atomic.Int64{}
	go func() {
		buffer := make([]byte, 2048)
		for {
			n, from, err := socket.ReadFrom(buffer)
			if err != nil {
				return // closed
			}
			if reply := answer(buffer[:n], addresses, asked); reply != nil {
				socket.WriteTo(reply, from) //nolint:errcheck // the resolver asks again
			}
		}
	}()
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "udp", socket.LocalAddr().String())
	}}, asked
}

func answer(question []byte, addresses []string, asked *atomic.Int64) []byte {
	var message dnsmessage.Message
	if err := message.Unpack(question); err != nil {
		return nil
	}
	message.Response, message.Authoritative, message.Additionals = true, true, nil
	if q := message.Questions[0]; q.Type == dnsmessage.TypeA {
		at := min(int(asked.Add(1))-1, len(addresses)-1)
		message.Answers = []dnsmessage.Resource{{
			Header: dnsmessage.ResourceHeader{Name: q.Name, Type: q.Type, Class: q.Class},
			Body:   &dnsmessage.AResource{A: netip.MustParseAddr(addresses[at]).As4()},
		}}
	}
	reply, err := message.Pack()
	if err != nil {
		return nil
	}
	return reply
}

// under is the shop's address with another host.
func (s *shop) under(host string) string {
	return "http://" + host + s.URL[strings.LastIndex(s.URL, ":"):]
}

func TestPrivateAddresses(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	s.text("/a", "text/plain", "secret")
	names, _ := resolver(t, "127.0.0.1")
	public := newLister(t, Config{Resolver: names})
	for _, place := range []string{s.URL + "/a", s.under("intranet.example") + "/a", s.under("localhost") + "/a", s.under("[::ffff:127.0.0.1]") + "/a", s.URL + "/", s.under("0.0.0.0") + "/a"} {
		found := list(t, public, nil, place)
		if len(found.Sources) > 0 || len(found.Broken) != 1 || !errors.Is(found.Broken[0].Err, ErrPrivate) {
			t.Errorf("%s: %+v", place, found)
		}
	}
	if asked := s.requests(); len(asked) > 0 {
		t.Errorf("requests: %v", asked)
	}
	// An intranet that is allowed is read, by its name as well.
	found := list(t, newCrawler(t, Config{Resolver: names}), nil, s.under("intranet.example")+"/a")
	if len(found.Sources) != 1 {
		t.Errorf("allowed: %+v", found.Broken)
	}
}

// A name may lead to one address when it is looked at and to another when it is used.
func TestRebinding(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	s.handle("/robots.txt", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Connection", "close") // so that the next request looks the name up again
		http.NotFound(w, r)
	})
	s.text("/a", "text/plain", "secret")
	names, asked := resolver(t, "127.0.0.1", "127.0.0.2")
	found := list(t, newCrawler(t, Config{Resolver: names}), nil, s.under("shop.example")+"/a")
	if len(found.Broken) != 1 || !errors.Is(found.Broken[0].Err, ErrPrivate) || asked.Load() < 2 {
		t.Errorf("after %d look-ups: %+v", asked.Load(), found)
	}
	same(t, "requests", []string{"/robots.txt"}, s.requests())
}

func TestRedirectsToPrivateAddresses(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	names, _ := resolver(t, "127.0.0.1", "169.254.169.254")
	s.handle("/a", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Connection", "close")
		http.Redirect(w, r, s.under("www.shop.example")+"/latest/meta-data", http.StatusFound)
	})
	found := list(t, newCrawler(t, Config{Resolver: names}), nil, s.under("shop.example")+"/a")
	if len(found.Broken) != 1 || !errors.Is(found.Broken[0].Err, ErrPrivate) {
		t.Errorf("%+v", found)
	}
	for _, to := range []string{"http://169.254.169.254/latest", "http://127.0.0.1:1/x", "http://[::1]/x"} {
		s.handle("/b", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, to, http.StatusFound) })
		found := list(t, newCrawler(t, Config{}), nil, s.URL+"/b")
		if len(found.Broken) != 1 || !errors.Is(found.Broken[0].Err, ErrElsewhere) {
			t.Errorf("%s: %+v", to, found)
		}
	}
}

func TestProxiesOfTheEnvironment(t *testing.T) {
	s := newShop(t)
	proxy := newShop(t)
	t.Setenv("HTTP_PROXY", proxy.URL)
	t.Setenv("http_proxy", proxy.URL)
	names, _ := resolver(t, "127.0.0.1")
	s.text("/a", "text/plain", "x")
	found := list(t, newCrawler(t, Config{Resolver: names}), nil, s.under("shop.example")+"/a")
	if len(found.Sources) != 1 || len(proxy.requests()) > 0 {
		t.Errorf("a proxy of the environment was used: %v", found.Broken)
	}
}

package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/recado/recado/gateway"
	"github.com/recado/recado/gateway/postgres"
	"github.com/recado/recado/gateway/sqlite"
	"github.com/recado/recado/gateway/whatsapp"
	"github.com/recado/recado/internal/testservices"
)

const benchSecret = "bench-secret"

// BenchmarkAccept measures how many messages a second are durably stored through
// the front door: signed webhooks over HTTP, one message each from one of 1,000
// customers, so many in flight, with the load generator on the same cores. The
// floor, measured in the same run with the same bodies, is what the database
// takes in without any of that: concurrent inserts into a table with one unique
// key, coalesced into multi-row statements by two flushers. "ratio" is the first
// over the second.
func BenchmarkAccept(b *testing.B) {
	for _, backend := range []struct {
		name string
		open func(*testing.B) (gateway.Store, floor)
	}{{"sqlite", benchSQLite}, {"postgres", benchPostgres}} {
		for _, inFlight := range []int{1, 32, 128} {
			b.Run(fmt.Sprintf("%s/in_flight=%d", backend.name, inFlight), func(b *testing.B) {
				store, bare := backend.open(b)
				benchAccept(b, store, bare, inFlight)
			})
		}
	}
}

func benchAccept(b *testing.B, store gateway.Store, bare floor, inFlight int) {
	door := openDoor(b, store)
	rounds := max(b.N, inFlight)
	bodies := make([][]byte, rounds)
	for i := range bodies {
		bodies[i] = webhookBody(i)
	}
	requests := make([][]byte, rounds)
	for i, body := range bodies {
		requests[i] = signedRequest(body)
	}
	b.ResetTimer()
	took, latencies := door.post(b, requests, inFlight)
	b.StopTimer()
	floorTook := bare.insert(b, bodies, inFlight)
	perSecond := float64(rounds) / took.Seconds()
	floorPerSecond := float64(rounds) / floorTook.Seconds()
	b.ReportMetric(perSecond, "msgs/s")
	b.ReportMetric(floorPerSecond, "floor/s")
	b.ReportMetric(perSecond/floorPerSecond, "ratio")
	reportLatencies(b, latencies)
}

func reportLatencies(b *testing.B, latencies []time.Duration) {
	slices.Sort(latencies)
	b.ReportMetric(float64(latencies[len(latencies)/2].Microseconds())/1000, "p50_ms")
	b.ReportMetric(float64(latencies[len(latencies)*99/100].Microseconds())/1000, "p99_ms")
}

// webhookBody is one text message as the Cloud API sends it.
func webhookBody(i int) []byte {
	phone := 34600000000 + i%1000
	return fmt.Appendf(nil, `{"object":"whatsapp_business_account","entry":[{"id":"102290129340398","changes":[{"value":{"messaging_product":"whatsapp","metadata":{"display_phone_number":"15550783881","phone_number_id":"106540352242922"},"contacts":[{"profile":{"name":"Cliente %d"},"wa_id":"%d"}],"messages":[{"from":"%d","id":"wamid.HBgLMTY0NjcwNDM1OTUVAgASGBQz%016d","timestamp":"%d","text":{"body":"\u00bfCu\u00e1nto tarda mi pedido n\u00famero %d?"},"type":"text"}]},"field":"messages"}]}]}`,
		i%1000, phone, phone, i, 1772000000+i, i)
}

// signedRequest is the webhook as it goes over the wire, signature and all.
func signedRequest(body []byte) []byte {
	mac := hmac.New(sha256.New, []byte(benchSecret))
	mac.Write(body)
	var out bytes.Buffer
	fmt.Fprintf(&out, "POST /webhooks/whatsapp HTTP/1.1\r\nHost: recado\r\nContent-Type: application/json\r\nX-Hub-Signature-256: sha256=%s\r\nContent-Length: %d\r\n\r\n",
		hex.EncodeToString(mac.Sum(nil)), len(body))
	out.Write(body)
	return out.Bytes()
}

// door is a running gateway's webhook.
type door struct{ address string }

func openDoor(b *testing.B, store gateway.Store) door {
	b.Helper()
	g, err := gateway.New(gateway.Config{
		Store: idle{store}, Answerer: noAnswers{}, Orders: noOrders{}, Sender: noSender{}, Limiter: noLimiter{},
	})
	if err != nil {
		b.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- g.Run(ctx) }()
	webhook, err := whatsapp.NewWebhook(whatsapp.WebhookConfig{AppSecrets: []string{benchSecret}, Accept: g.Accept})
	if err != nil {
		b.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.Handle("/webhooks/whatsapp", webhook)
	server := httptest.NewServer(mux)
	b.Cleanup(func() {
		server.Close()
		cancel()
		if err := <-done; err != nil {
			b.Error(err)
		}
	})
	return door{strings.TrimPrefix(server.URL, "http://")}
}

// post sends all requests over so many connections and gives the time for all and
// for each.
func (d door) post(b *testing.B, requests [][]byte, inFlight int) (time.Duration, []time.Duration) {
	latencies := make([]time.Duration, len(requests))
	var next atomic.Int64
	var group sync.WaitGroup
	began := time.Now()
	for range inFlight {
		group.Go(func() {
			conn, err := (&net.Dialer{}).DialContext(context.Background(), "tcp", d.address)
			if err != nil {
				b.Error(err)
				return
			}
			defer conn.Close()
			answers := bufio.NewReaderSize(conn, 4096)
			for {
				i := int(next.Add(1)) - 1
				if i >= len(requests) {
					return
				}
				at := time.Now()
				if err := exchange(conn, answers, requests[i]); err != nil {
					b.Error(err)
					return
				}
				latencies[i] = time.Since(at)
			}
		})
	}
	group.Wait()
	return time.Since(began), latencies
}

// exchange is the least that a client can do: write a request, read an answer.
func exchange(conn net.Conn, answers *bufio.Reader, request []byte) error {
	if _, err := conn.Write(request); err != nil {
		return err
	}
	line, err := answers.ReadString('\n')
	if err != nil {
		return err
	}
	if !strings.Contains(line, " 200 ") {
		return fmt.Errorf("answered %q", strings.TrimSpace(line))
	}
	length := 0
	for {
		header, err := answers.ReadString('\n')
		if err != nil {
			return err
		}
		if header == "\r\n" {
			break
		}
		if value, found := strings.CutPrefix(strings.ToLower(header), "content-length:"); found {
			if length, err = strconv.Atoi(strings.TrimSpace(value)); err != nil {
				return err
			}
		}
	}
	_, err = answers.Discard(length)
	return err
}

// floor inserts bodies under unique keys, concurrent inserts coalesced.
type floor struct {
	insertRows func(keys []string, bodies [][]byte) error
}

type floorRow struct {
	key  string
	body []byte
	done chan error
}

// insert has so many goroutines insert all bodies, each waiting for its own to be
// durable, with two flushers that take what waits.
func (f floor) insert(b *testing.B, bodies [][]byte, inFlight int) time.Duration {
	rows := make(chan floorRow, 512)
	var flushers sync.WaitGroup
	for range 2 {
		flushers.Go(func() { f.flush(rows) })
	}
	var next atomic.Int64
	var group sync.WaitGroup
	began := time.Now()
	for range inFlight {
		group.Go(func() {
			done := make(chan error, 1)
			for {
				i := int(next.Add(1)) - 1
				if i >= len(bodies) {
					return
				}
				rows <- floorRow{"bare:" + strconv.Itoa(i), bodies[i], done}
				if err := <-done; err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	group.Wait()
	took := time.Since(began)
	close(rows)
	flushers.Wait()
	return took
}

func (f floor) flush(rows <-chan floorRow) {
	for first := range rows {
		batch := []floorRow{first}
	collect:
		for len(batch) < 512 {
			select {
			case row, open := <-rows:
				if !open {
					break collect
				}
				batch = append(batch, row)
			default:
				break collect
			}
		}
		keys, bodies := make([]string, len(batch)), make([][]byte, len(batch))
		for i, row := range batch {
			keys[i], bodies[i] = row.key, row.body
		}
		err := f.insertRows(keys, bodies)
		for _, row := range batch {
			row.done <- err
		}
	}
}

func benchPostgres(b *testing.B) (gateway.Store, floor) {
	dsn := testservices.Postgres(b)
	store, err := postgres.Open(b.Context(), postgres.Config{DSN: dsn})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { store.Close() })
	pool, err := pgxpool.New(b.Context(), dsn)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(pool.Close)
	if _, err := pool.Exec(b.Context(), `create table bare (key text primary key, body bytea not null)`); err != nil {
		b.Fatal(err)
	}
	return store, floor{func(keys []string, bodies [][]byte) error {
		_, err := pool.Exec(context.Background(),
			`insert into bare select * from unnest($1::text[], $2::bytea[]) on conflict do nothing`, keys, bodies)
		return err
	}}
}

func benchSQLite(b *testing.B) (gateway.Store, floor) {
	folder := b.TempDir()
	store, err := sqlite.Open(b.Context(), sqlite.Config{Path: filepath.Join(folder, "recado.db")})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { store.Close() })
	values := url.Values{"_txlock": {"immediate"}, "_pragma": {"busy_timeout(10000)", "journal_mode(wal)", "synchronous(full)"}}
	db, err := sql.Open("sqlite", "file:"+filepath.Join(folder, "bare.db")+"?"+values.Encode())
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { db.Close() })
	db.SetMaxOpenConns(1)
	if _, err := db.ExecContext(b.Context(), `create table bare (key text primary key, body blob not null) without rowid`); err != nil {
		b.Fatal(err)
	}
	return store, floor{func(keys []string, bodies [][]byte) error {
		query := `insert into bare values ` + strings.Repeat(`(?,?),`, len(keys)-1) + `(?,?) on conflict do nothing`
		args := make([]any, 0, 2*len(keys))
		for i := range keys {
			args = append(args, keys[i], bodies[i])
		}
		_, err := db.ExecContext(context.Background(), query, args...)
		return err
	}}
}

// idle is a store whose workers find nothing, so that the intake is measured
// alone.
type idle struct{ gateway.Store }

func (idle) Claim(context.Context, time.Time, time.Duration) (*gateway.Claim, error) {
	return nil, gateway.ErrNoWork
}

func (idle) NextOutgoing(context.Context, time.Time, time.Duration) (*gateway.Outgoing, error) {
	return nil, gateway.ErrNoWork
}

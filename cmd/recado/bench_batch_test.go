package main

import (
	"bytes"
	"fmt"
	"strconv"
	"testing"
	"time"
)

// perBatch is how many changes the channel puts into one webhook at the most.
const perBatch = 1000

// BenchmarkAcceptBatch measures webhooks with 1,000 changes, one message each, which
// are parsed, checked and committed as one. The floor is one insert of the same 1,000
// items under a unique key, in one statement.
func BenchmarkAcceptBatch(b *testing.B) {
	b.Run("sqlite", func(b *testing.B) { store, bare := benchSQLite(b); benchBatch(b, openDoor(b, store), bare) })
	b.Run("postgres", func(b *testing.B) { store, bare := benchPostgres(b); benchBatch(b, openDoor(b, store), bare) })
}

func benchBatch(b *testing.B, d door, bare floor) {
	var requests [][]byte
	var items [][][]byte
	for i := range b.N {
		body, parts := batchBody(i)
		requests, items = append(requests, signedRequest(body)), append(items, parts)
	}
	b.ResetTimer()
	took, latencies := d.post(b, requests, 1)
	b.StopTimer()
	began := time.Now()
	for i, parts := range items {
		keys := make([]string, len(parts))
		for j := range parts {
			keys[j] = "bare:" + strconv.Itoa(i*perBatch+j)
		}
		if err := bare.insertRows(keys, parts); err != nil {
			b.Fatal(err)
		}
	}
	floorTook := time.Since(began)
	b.ReportMetric(float64(b.N*perBatch)/took.Seconds(), "changes/s")
	b.ReportMetric(float64(b.N*perBatch)/floorTook.Seconds(), "floor/s")
	b.ReportMetric(floorTook.Seconds()/took.Seconds(), "ratio")
	reportLatencies(b, latencies)
}

// batchBody is a webhook of 1,000 changes, and its items.
func batchBody(n int) (body []byte, items [][]byte) {
	var changes bytes.Buffer
	for i := range perBatch {
		item := batchItem(n*perBatch + i)
		items = append(items, item)
		if i > 0 {
			changes.WriteByte(',')
		}
		fmt.Fprintf(&changes, `{"field":"messages","value":{"messaging_product":"whatsapp","metadata":{"display_phone_number":"15550783881","phone_number_id":"106540352242922"},"messages":[%s]}}`, item)
	}
	return fmt.Appendf(nil, `{"object":"whatsapp_business_account","entry":[{"id":"102290129340398","changes":[%s]}]}`, changes.Bytes()), items
}

func batchItem(i int) []byte {
	return fmt.Appendf(nil, `{"from":"%d","id":"wamid.HBgLMTY0NjcwNDM1OTUVAgASGBQz%016d","timestamp":"%d","text":{"body":"\u00bfCu\u00e1nto tarda mi pedido n\u00famero %d?"},"type":"text"}`,
		34600000000+i%1000, i, 1772000000+i, i)
}

package evals_test

import (
	"context"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"

	"github.com/recado/recado/evals"
	"github.com/recado/recado/gateway"
	"github.com/recado/recado/gateway/orders"
	"github.com/recado/recado/internal/demoshop"
	"github.com/recado/recado/knowledge"
	"github.com/recado/recado/rag"
	"github.com/recado/recado/rag/offline"
)

// demoPipeline answers over the demo shop's documents in memory.
func demoPipeline(tb testing.TB) *rag.Pipeline {
	tb.Helper()
	embedder, err := offline.NewEmbedder(0)
	if err != nil {
		tb.Fatal(err)
	}
	index, err := knowledge.NewMemory(knowledge.IdentityOf(embedder))
	if err != nil {
		tb.Fatal(err)
	}
	if err := evals.IngestDemo(context.Background(), index, embedder); err != nil {
		tb.Fatal(err)
	}
	pipeline, err := rag.New(rag.Config{Index: index, Embedder: embedder, Model: offline.NewModel()})
	if err != nil {
		tb.Fatal(err)
	}
	return pipeline
}

// demoOrders serves the demo shop's orders from a Redis in this process.
func demoOrders(tb testing.TB) gateway.Orders {
	tb.Helper()
	client := redis.NewClient(&redis.Options{Addr: miniredis.RunT(tb).Addr()})
	tb.Cleanup(func() { _ = client.Close() })
	book, err := orders.New(orders.Config{Client: client, Timeout: 10 * time.Second})
	if err != nil {
		tb.Fatal(err)
	}
	docs, err := demoshop.Orders(time.Now())
	if err != nil {
		tb.Fatal(err)
	}
	if _, err := book.Put(context.Background(), docs); err != nil {
		tb.Fatal(err)
	}
	return book
}

func demoReport(tb testing.TB) evals.Report {
	tb.Helper()
	cases, err := evals.DemoCases()
	if err != nil {
		tb.Fatal(err)
	}
	report, err := evals.Run(context.Background(), evals.Config{
		Answerer: demoPipeline(tb), Orders: demoOrders(tb), Cases: cases,
	})
	if err != nil {
		tb.Fatal(err)
	}
	return report
}

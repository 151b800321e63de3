package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/recado/recado/internal/demoshop"
)

// conversations is how many customers BenchmarkDemoMemory has write to the shop.
const conversations = 10000

// BenchmarkDemoMemory builds the program, runs `recado demo`, and reports its
// resident memory in MB (1e6 bytes) when it is ready and after 10,000 customers
// asked a question each and got their answer, with the seconds until it was ready.
// It runs once whatever b.N is: the number of conversations is what counts. At the
// 80 messages a second that a number may send it takes over two minutes.
func BenchmarkDemoMemory(b *testing.B) {
	if runtime.GOOS != "linux" {
		b.Skip("resident memory is read from /proc, which only Linux has")
	}
	program := filepath.Join(b.TempDir(), "recado")
	build := exec.CommandContext(b.Context(), "go", "build", "-trimpath", "-o", program, ".")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		b.Fatalf("build: %v\n%s", err, out)
	}
	began := time.Now()
	// The benchmark's own context ends before its clean-up and would kill the demo.
	demo := exec.CommandContext(context.Background(), program, "demo", "--listen", "127.0.0.1:0")
	out, err := demo.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := demo.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		_ = demo.Process.Signal(syscall.SIGTERM)
		if err := demo.Wait(); err != nil {
			b.Errorf("the demo ended with %v", err)
		}
	})
	base := demoAddress(b, out)
	ready, start := time.Since(began), resident(b, demo.Process.Pid)
	b.ResetTimer()
	askAll(b, base)
	b.StopTimer()
	b.ReportMetric(ready.Seconds(), "ready_s")
	b.ReportMetric(start, "start_MB")
	b.ReportMetric(resident(b, demo.Process.Pid), "after_10k_MB")
}

func demoAddress(b *testing.B, out io.Reader) string {
	b.Helper()
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if m := addressLine.FindStringSubmatch(lines.Text()); m != nil {
			go func() { _, _ = io.Copy(io.Discard, out) }()
			return strings.TrimSuffix(m[1], m[2]+"/")
		}
	}
	b.Fatal("the demo printed no address")
	return ""
}

var residentLine = regexp.MustCompile(`VmRSS:\s+(\d+) kB`)

func resident(b *testing.B, pid int) float64 {
	b.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		b.Fatal(err)
	}
	m := residentLine.FindSubmatch(status)
	if m == nil {
		b.Fatal("no VmRSS in /proc")
	}
	kb, err := strconv.ParseFloat(string(m[1]), 64)
	if err != nil {
		b.Fatal(err)
	}
	return kb * 1024 / 1e6
}

// askAll has every customer ask one of the demo shop's questions and waits until as
// many messages were sent.
func askAll(b *testing.B, base string) {
	b.Helper()
	questions, err := demoshop.Questions()
	if err != nil {
		b.Fatal(err)
	}
	for i := range conversations {
		body := fmt.Sprintf(`{"phone":"%d","text":%q}`, 34610000000+i, questions[i%len(questions)].Text)
		response, err := http.Post(base+"control/say", "application/json", strings.NewReader(body))
		if err != nil {
			b.Fatal(err)
		}
		_, _ = io.Copy(io.Discard, response.Body)
		response.Body.Close()
		if response.StatusCode != http.StatusOK {
			b.Fatalf("say: %d", response.StatusCode)
		}
	}
	deadline := time.Now().Add(10 * time.Minute)
	for accepted(b, base) < conversations {
		if time.Now().After(deadline) {
			b.Fatalf("%.0f of %d answers after 10 minutes", accepted(b, base), conversations)
		}
		<-time.After(500 * time.Millisecond)
	}
}

// accepted reads from the metrics how many sends the channel took.
func accepted(b *testing.B, base string) float64 {
	b.Helper()
	response, err := http.Get(base + "metrics")
	if err != nil {
		b.Fatal(err)
	}
	defer response.Body.Close()
	metrics, err := io.ReadAll(response.Body)
	if err != nil {
		b.Fatal(err)
	}
	for line := range bytes.Lines(metrics) {
		if value, found := bytes.CutPrefix(bytes.TrimSpace(line), []byte(`recado_sends_total{outcome="accepted"} `)); found {
			n, err := strconv.ParseFloat(string(value), 64)
			if err != nil {
				b.Fatal(err)
			}
			return n
		}
	}
	return 0
}

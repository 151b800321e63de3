package memory_test

import (
	"testing"

	"github.com/recado/recado/gateway/gatewaytest"
	"github.com/recado/recado/gateway/gatewaytest/memory"
)

func place(testing.TB) gatewaytest.Open { return memory.New().Open }

func TestStore(t *testing.T) {
	t.Parallel()
	gatewaytest.TestStore(t, place)
}

func TestConcurrent(t *testing.T) {
	t.Parallel()
	gatewaytest.TestConcurrent(t, place)
}

func TestCrash(t *testing.T) {
	t.Parallel()
	gatewaytest.TestCrash(t, place)
}

func TestScripts(t *testing.T) {
	t.Parallel()
	gatewaytest.TestScripts(t, place)
}

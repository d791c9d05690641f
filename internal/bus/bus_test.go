package bus_test

import (
	"flag"
	"testing"

	"go.uber.org/goleak"

	"github.com/harrier-scan/harrier/internal/bus"
	"github.com/harrier-scan/harrier/internal/bus/bustest"
)

func TestMain(m *testing.M) {
	flag.Parse()
	_ = flag.Set("test.parallel", "8") // most tests wait
	goleak.VerifyTestMain(m)
}

func TestMemory(t *testing.T) {
	t.Parallel()
	bustest.Run(t, func(*testing.T) bustest.Bus {
		b := bus.Memory()
		b.AckWait = bustest.AckWait
		return b
	})
}

func TestServer(t *testing.T) {
	t.Parallel()
	bustest.Run(t, func(t *testing.T) bustest.Bus {
		s := serve(t, bus.Config{Dir: t.TempDir(), AckWait: bustest.AckWait, ResultBytes: 256 << 10})
		return connect(t, s)
	})
}

func serve(t *testing.T, c bus.Config) *bus.Server {
	t.Helper()
	s, err := bus.Serve(t.Context(), c)
	if err != nil {
		t.Fatalf("Serve = %v", err)
	}
	t.Cleanup(s.Close)
	return s
}

func connect(t *testing.T, s *bus.Server) *bus.Conn {
	t.Helper()
	c, err := s.Connect(t.Context())
	if err != nil {
		t.Fatalf("Connect = %v", err)
	}
	return c
}

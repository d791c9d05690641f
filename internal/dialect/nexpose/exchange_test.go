package nexpose_test

import (
	"testing"

	"go.uber.org/goleak"

	"github.com/harrier-scan/harrier/internal/dialect/exchange"
	"github.com/harrier-scan/harrier/internal/dialect/nexpose"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// TestExchanges replays the conversations of testdata.
func TestExchanges(t *testing.T) {
	exchange.Run(t, "testdata/*.exchange", func(t *testing.T) (string, exchange.Values) {
		console := exchange.Start(t, nexpose.New)
		return console.URL, console.Values()
	})
}

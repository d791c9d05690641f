// Package engines measures how much faster several engines elsewhere are than
// one, with a scan that waits for its targets most of the time:
//
//	go test -run '^$' -bench . -benchtime 1x ./bench/engines
package engines

import (
	"strconv"
	"testing"
	"time"

	"github.com/harrier-scan/harrier/test/engines"
)

func BenchmarkEngines(b *testing.B) {
	for b.Loop() {
		bed := engines.New(b, 4, 500*time.Millisecond)
		took := func() time.Duration {
			id := bed.API.CreateScan("bench", "10.77.0.0/22", strconv.Itoa(engines.Flawed))
			began := time.Now()
			bed.API.Launch(id)
			bed.API.Wait(id, 10*time.Minute)
			return time.Since(began)
		}
		bed.StartEngine(0, "--parallel", "1")
		one := took()
		for i := 1; i < 4; i++ {
			bed.StartEngine(i, "--parallel", "1")
		}
		time.Sleep(3 * time.Second) // they join
		four := took()
		b.ReportMetric(one.Seconds(), "s-with-1")
		b.ReportMetric(four.Seconds(), "s-with-4")
		b.ReportMetric(float64(one)/float64(four), "times-faster")
	}
}

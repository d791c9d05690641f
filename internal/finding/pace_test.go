package finding

import (
	"testing"
	"time"
)

func TestPace(t *testing.T) {
	r := &Room{atOnce: 32}
	for i, tt := range []struct {
		took time.Duration
		want int
	}{
		{time.Second, 16},
		{patience + 1, 8},
		{time.Minute, 4},
		{time.Minute, fewest},
		{patience / 2, fewest},
		{time.Millisecond, 8},
		{0, 16},
		{0, 32},
		{0, 64},
		{0, 128},
		{0, most},
		{0, most},
	} {
		if r.pace(tt.took); r.atOnce != tt.want {
			t.Errorf("step %d: after %s, %d results at once; want %d", i, tt.took, r.atOnce, tt.want)
		}
	}
}

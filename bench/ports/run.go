package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/harrier-scan/harrier/bench/measure"
)

// run is one program doing one job once.
type run struct {
	Case  string    `json:"case"`
	Peer  string    `json:"peer"`
	Round int       `json:"round"`
	At    time.Time `json:"at"`
	Host  string    `json:"host"` // the machine
	measure.Use
	Probes int    `json:"probes"` // hosts times ports
	Frames int    `json:"frames"` // that left the scanner's interface, with what its kernel sent
	Truth  int    `json:"truth"`  // open ports
	Found  int    `json:"found"`  // of them
	False  int    `json:"false"`  // told open, but not
	Fault  string `json:"fault,omitempty"`
}

func (r run) recall() float64 { return float64(r.Found) / float64(max(1, r.Truth)) }

const stopped = "stopped after "

// stopped reports whether it was ended because it took too long.
func (r run) stopped() bool { return strings.HasPrefix(r.Fault, stopped) }

// keep appends r to a file; "" for none.
func keep(file string, r run) error {
	if file == "" {
		return nil
	}
	b, err := json.Marshal(r)
	if err != nil {
		return err
	}
	f, err := os.OpenFile(file, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	_, err = f.Write(append(b, '\n'))
	return errors.Join(err, f.Close())
}

// readRuns reads what keep wrote.
func readRuns(file string) ([]run, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var runs []run
	for in := bufio.NewScanner(f); in.Scan(); {
		var r run
		if err := json.Unmarshal(in.Bytes(), &r); err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		runs = append(runs, r)
	}
	return runs, nil
}

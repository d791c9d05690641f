package harrier

import (
	"fmt"
	"strconv"
	"strings"
)

// Placed is software at some version, where an asset has it.
type Placed struct {
	Endpoint          // zero for what stands on the host itself
	Key      string   // of the findings about it, see Instance
	Subject  string   // see Subject.Text
	Verdict  string   // see Subject.Verdict; stored where the subject is new
	Asks     []string // what is asked of the knowledge about it: keys of statements
}

// Subject is what all decisions about some software follow from, apart from
// where it stands: assets with equal software share it, so that new knowledge
// is compared with each only once.
type Subject struct {
	ID   ID
	Text string // as package match writes it; unique
	// Verdict is what the findings say that it has, as WriteHeld writes it.
	Verdict string
}

// Spot is where an asset has the software of a subject, with what findings there
// take from the asset.
type Spot struct {
	Asset    ID
	LastScan ID
	OS       string
	OSCPE    string
	Endpoint
	Key     string
	Service Service // at the endpoint; zero where there is none
}

// Held is a vulnerability that software is held to have.
type Held struct {
	Vulnerability VulnID
	Certainty     Certainty
	Source        string
	// Doubt is of one that some assets may have an open finding of and others not:
	// nobody speaks of it any more, or not all assets have heard yet. Certainty and
	// Source are zero.
	Doubt bool
}

// WriteHeld writes a list as text: "1240006387 2 debian,1240006388 ?". None is
// "".
func WriteHeld(list []Held) string {
	var b strings.Builder
	for i, h := range list {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(strconv.Itoa(int(h.Vulnerability)))
		if h.Doubt {
			b.WriteString(" ?")
			continue
		}
		b.WriteByte(' ')
		b.WriteString(strconv.Itoa(int(h.Certainty)))
		b.WriteByte(' ')
		b.WriteString(h.Source)
	}
	return b.String()
}

// ReadHeld reads what WriteHeld writes.
func ReadHeld(text string) ([]Held, error) {
	if text == "" {
		return nil, nil
	}
	list := make([]Held, 0, 1+strings.Count(text, ","))
	for part := range strings.SplitSeq(text, ",") {
		number, rest, _ := strings.Cut(part, " ")
		certainty, source, _ := strings.Cut(rest, " ")
		id, err := strconv.ParseInt(number, 10, 32)
		h := Held{Vulnerability: VulnID(id), Source: source, Doubt: rest == "?"}
		if err == nil && !h.Doubt {
			var c uint64
			c, err = strconv.ParseUint(certainty, 10, 8)
			h.Certainty = Certainty(c)
		}
		if err != nil {
			return nil, fmt.Errorf("what software is held to have: %.100q: %w", part, err)
		}
		list = append(list, h)
	}
	return list, nil
}

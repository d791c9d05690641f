package harrier

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
	// Verdict is what it was last found to have, as package match writes it; ""
	// before the first time.
	Verdict string
}

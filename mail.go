package harrier

// Mail is a message to people, as a room hands it to the outbox.
type Mail struct {
	To          []string // addresses: "a@example.com"
	Subject     string   // one line: line ends become blanks
	Text        string
	HTML        string // the same as a page; "" for none
	Attachments []Attachment
	About       string // what it is about: "scan 12"
	// Key names the message: the outbox drops a second one with the same
	// non-empty key, so that whoever sends may try again.
	Key string
}

// Attachment is a file that goes with a mail.
type Attachment struct {
	Name string // for the recipient: "report.pdf"
	Type string // media type; "" is application/octet-stream
	Path string // below the data folder
}

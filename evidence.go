package harrier

// Sign is one piece of evidence about the operating system of a host or about
// the kind of device.
type Sign struct {
	Source  string `json:"source"`            // where it was seen: "SSH", "TCP/IP stack", "MAC vendor", "open ports" …
	OS      string `json:"os,omitempty"`      // "Debian GNU/Linux"; "" when it speaks of the device alone
	Version string `json:"version,omitempty"` // of the OS
	CPE     string `json:"cpe,omitempty"`     // of the OS, CPE 2.3
	Device  string `json:"device,omitempty"`  // as in Host.DeviceType
	// Weight is how sure the statement would be if it stood alone, 0 to 100. It
	// is negative for a note that something contradicts what was concluded.
	Weight int    `json:"weight"`
	Text   string `json:"text,omitempty"` // what was seen, in at most 200 bytes
}

// Stack is how the TCP/IP stack of a host answered, as it stood on the wire:
// what it means is concluded elsewhere. Fields that were not seen are zero.
type Stack struct {
	// Connected tells that the system's own connections showed it, not packets of
	// ours: only Options, MSS and Scale are known then, and Options has no order.
	Connected bool `json:"connected,omitempty"`
	// Of a SYN/ACK to a SYN with MSS, SACK-permitted, timestamps and window scale.
	TTL     uint8  `json:"ttl,omitempty"` // or hop limit, as it came in
	DF      bool   `json:"df,omitempty"`
	Window  uint16 `json:"window,omitempty"`
	Options string `json:"options,omitempty"` // in their order: M MSS, W scale, S SACK, T timestamps, N padding, E end, X other
	MSS     uint16 `json:"mss,omitempty"`
	Scale   int8   `json:"scale,omitempty"` // of the window; -1 without the option
	Clock   uint32 `json:"clock,omitempty"` // its timestamp
	IPv6    bool   `json:"ipv6,omitempty"`
	// IPIDs and Numbers are the IP identifications and the first sequence numbers
	// of its SYN/ACKs, in the order in which they came in.
	IPIDs   []uint16 `json:"ip_ids,omitempty"`
	Numbers []uint32 `json:"numbers,omitempty"`

	Reset *Answer `json:"reset,omitempty"` // how a closed port refused
	Echo  *Answer `json:"echo,omitempty"`  // how it answered an ICMP echo
}

// Answer is what matters of one packet of a Stack.
type Answer struct {
	TTL    uint8  `json:"ttl"`
	DF     bool   `json:"df,omitempty"`
	Window uint16 `json:"window,omitempty"` // of TCP
	IPID   uint16 `json:"ip_id,omitempty"`
}

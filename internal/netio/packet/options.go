package packet

// Options is what the options of a TCP segment say.
type Options struct {
	// Layout has a letter for each option in their order: M for MSS, W for the
	// window scale, S for SACK-permitted, T for timestamps, N for padding, E for
	// the end of the list and X for any other. What follows E is not looked at.
	Layout string
	MSS    uint16 // 0 without one
	Scale  int8   // -1 without one
	Clock  uint32 // of timestamps: the sender's
	Echo   uint32 // of timestamps: what it repeats of ours
}

// ReadOptions reads the options of a segment. It reports false for a list that
// no stack sends: with an option that ends behind the list, or of a wrong
// length.
//
// Source: RFC 9293, section 3.2; RFC 7323; RFC 2018.
func ReadOptions(b []byte) (Options, bool) {
	o := Options{Scale: -1}
	var layout [40]byte
	n := 0
	for len(b) > 0 && n < len(layout) {
		letter, size := byte('X'), 1
		switch b[0] {
		case 0:
			letter = 'E'
		case 1:
			letter = 'N'
		default:
			if len(b) < 2 || b[1] < 2 || int(b[1]) > len(b) {
				return o, false
			}
			size = int(b[1])
			ok := true
			switch b[0] {
			case 2:
				if letter, ok = 'M', size == 4; ok {
					o.MSS = be.Uint16(b[2:])
				}
			case 3:
				if letter, ok = 'W', size == 3; ok {
					o.Scale = int8(min(b[2], 14))
				}
			case 4:
				letter, ok = 'S', size == 2
			case 8:
				if letter, ok = 'T', size == 10; ok {
					o.Clock, o.Echo = be.Uint32(b[2:]), be.Uint32(b[6:])
				}
			}
			if !ok {
				return o, false
			}
		}
		layout[n] = letter
		n++
		if b = b[size:]; letter == 'E' {
			break
		}
	}
	o.Layout = string(layout[:n])
	return o, true
}

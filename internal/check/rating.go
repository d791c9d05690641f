package check

// Rating is how bad a vulnerability is by CVSS version 2 and 3; the severity
// follows version 3. The zero value rates a statement of fact.
type Rating struct {
	V2 string
	S2 float64
	V3 string
	S3 float64
}

// The ratings, by falling gravity. They are our own: misconfigurations seldom
// have a published one.
var (
	// Takeover: everything of the service is in anybody's hands.
	Takeover = Rating{"AV:N/AC:L/Au:N/C:C/I:C/A:C", 10.0, "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", 9.8}
	// Control: anybody reads and changes the service's data.
	Control = Rating{"AV:N/AC:L/Au:N/C:P/I:P/A:N", 6.4, "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:N", 9.1}
	// Exposure: anybody reads what is confidential.
	Exposure = Rating{"AV:N/AC:L/Au:N/C:P/I:N/A:N", 5.0, "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:N/A:N", 7.5}
	// Forgery: anybody can be made to believe something false.
	Forgery = Rating{"AV:N/AC:L/Au:N/C:N/I:P/A:N", 5.0, "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:H/A:N", 7.5}
	// Eavesdropping: who is in the path reads and alters some traffic.
	Eavesdropping = Rating{"AV:N/AC:L/Au:N/C:P/I:P/A:N", 6.4, "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:L/I:L/A:N", 6.5}
	// OldCryptography: who is in the path breaks the protection, with effort.
	OldCryptography = Rating{"AV:N/AC:H/Au:N/C:C/I:P/A:N", 6.1, "CVSS:3.1/AV:N/AC:H/PR:N/UI:N/S:U/C:H/I:L/A:N", 6.5}
	// Tampering: who is in the path alters traffic, with effort.
	Tampering = Rating{"AV:N/AC:H/Au:N/C:N/I:C/A:N", 5.4, "CVSS:3.1/AV:N/AC:H/PR:N/UI:N/S:U/C:N/I:H/A:N", 5.9}
	// Doubt: something can not be relied on.
	Doubt = Rating{"AV:N/AC:L/Au:N/C:N/I:P/A:N", 5.0, "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:L/A:N", 5.3}
	// Disclosure: anybody learns something useful for an attack.
	Disclosure = Rating{"AV:N/AC:L/Au:N/C:P/I:N/A:N", 5.0, "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:L/I:N/A:N", 5.3}
	// Amplification: the service can be turned against others.
	Amplification = Rating{"AV:N/AC:L/Au:N/C:N/I:N/A:P", 5.0, "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:C/C:N/I:N/A:L", 5.8}
	// Weakness: who is in the path gains a little, with effort.
	Weakness = Rating{"AV:N/AC:H/Au:N/C:P/I:N/A:N", 2.6, "CVSS:3.1/AV:N/AC:H/PR:N/UI:N/S:U/C:L/I:N/A:N", 3.7}
	// Fact: nothing is wrong with it in itself.
	Fact = Rating{}
)

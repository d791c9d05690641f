package identity

import (
	"context"

	"github.com/harrier-scan/harrier"
)

// hexSize is the length of a token of hexadecimal digits.
const hexSize = 40

// SignInHex is SignIn for a session whose token is 40 upper-case hexadecimal
// digits: 160 bits.
//
// Source: nexpose-api.md, section 1.5.
func (r *Room) SignInHex(ctx context.Context, name, password, via, from string) (string, harrier.Actor, error) {
	token := randomText(hexSize, "0123456789ABCDEF")
	_, who, err := r.signIn(ctx, attempt{name: name, password: password, via: via, from: from, token: token})
	if err != nil {
		return "", harrier.Actor{}, err
	}
	return token, who, nil
}

package gate

import (
	"crypto/ecdh"
	"crypto/hpke"
	"fmt"

	"github.com/harrier-scan/harrier"
)

// sealFor encrypts text so that only the engine with that public key reads it,
// as part of that batch: HPKE (RFC 9180) with X25519, HKDF-SHA-256 and
// AES-256-GCM.
func sealFor(box []byte, e harrier.UUID, job harrier.Job, text []byte) ([]byte, error) {
	public, err := hpke.DHKEM(ecdh.X25519()).NewPublicKey(box)
	if err != nil {
		return nil, fmt.Errorf("key of engine %s: %w", e, err)
	}
	return hpke.Seal(public, hpke.HKDFSHA256(), hpke.AES256GCM(), about(e, job), text)
}

// openSealed reads what was sealed with sealFor.
func openSealed(key *ecdh.PrivateKey, e harrier.UUID, job harrier.Job) ([]byte, error) {
	private, err := hpke.NewDHKEMPrivateKey(key)
	if err != nil {
		return nil, err
	}
	text, err := hpke.Open(private, hpke.HKDFSHA256(), hpke.AES256GCM(), about(e, job), job.Sealed)
	if err != nil {
		return nil, harrier.Errorf(harrier.Invalid, "the credentials are not sealed for this engine").Because(err)
	}
	return text, nil
}

func about(e harrier.UUID, job harrier.Job) []byte {
	return fmt.Appendf(nil, "harrier credentials, engine %s, scan %s, batch %d", e, job.ScanUUID, job.Batch)
}

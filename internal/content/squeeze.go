package content

import (
	"encoding/binary"
	"fmt"

	"github.com/klauspost/compress/zstd"
)

// squeezer makes encoded values smaller and back. Records are short and alike,
// so they are compressed against a sample of the first of them, which is kept
// in the base; the byte in front says how a value is kept. Calls of unsqueeze
// may overlap.
type squeezer struct {
	alone, shared     *zstd.Encoder
	unalone, unshared *zstd.Decoder
}

// The forms of kept values.
const (
	formPlain  = 0
	formAlone  = 1 // zstd
	formShared = 2 // zstd with the sample
)

const (
	sampleSize = 64 << 10
	// maxUnsqueezed bounds what a damaged value can make a reader allocate.
	maxUnsqueezed = 64 << 20
	sampleID      = 1
)

func newSqueezer(sample []byte, write bool) (*squeezer, error) {
	s := new(squeezer)
	var err error
	decode := []zstd.DOption{zstd.WithDecoderConcurrency(2), zstd.WithDecoderMaxMemory(maxUnsqueezed), zstd.WithDecoderLowmem(true)}
	if s.unalone, err = zstd.NewReader(nil, decode...); err != nil {
		return nil, err
	}
	if s.unshared, err = zstd.NewReader(nil, append(decode, zstd.WithDecoderDictRaw(sampleID, sample))...); err != nil {
		return nil, err
	}
	if !write {
		return s, nil
	}
	encode := []zstd.EOption{zstd.WithEncoderConcurrency(1), zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderCRC(false), zstd.WithLowerEncoderMem(true)}
	if s.alone, err = zstd.NewWriter(nil, append(encode, zstd.WithEncoderCRC(true))...); err != nil {
		return nil, err
	}
	s.shared, err = zstd.NewWriter(nil, append(encode, zstd.WithEncoderDictRaw(sampleID, sample))...)
	return s, err
}

// squeeze returns how b is kept.
func (s *squeezer) squeeze(b []byte, shared bool) []byte {
	switch {
	case len(b) < 64 || !shared && len(b) < 256:
		return append([]byte{formPlain}, b...)
	case shared:
		return s.shared.EncodeAll(b, []byte{formShared})
	}
	return s.alone.EncodeAll(b, []byte{formAlone})
}

func (s *squeezer) unsqueeze(b []byte) ([]byte, error) {
	if len(b) == 0 {
		return nil, errDamaged
	}
	switch b[0] {
	case formPlain:
		return b[1:], nil
	case formAlone:
		return decoded(s.unalone.DecodeAll(b[1:], nil))
	case formShared:
		return decoded(s.unshared.DecodeAll(b[1:], nil))
	}
	return nil, fmt.Errorf("a value has the unknown form %d", b[0])
}

func decoded(b []byte, err error) ([]byte, error) {
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errDamaged, err)
	}
	return b, nil
}

func (s *squeezer) close() {
	s.unalone.Close()
	s.unshared.Close()
	if s.shared != nil {
		_ = s.shared.Close() // writes nothing
		_ = s.alone.Close()
	}
}

// packNumbers writes rising numbers as the distances between them.
func packNumbers[T ~int32 | ~int64](list []T) []byte {
	var b []byte
	var last T
	for _, n := range list {
		b = binary.AppendUvarint(b, uint64(n-last))
		last = n
	}
	return b
}

func unpackNumbers[T ~int32 | ~int64](b []byte) ([]T, error) {
	var out []T
	var last T
	for len(b) > 0 {
		d, k := binary.Uvarint(b)
		if k <= 0 || d > 1<<31 {
			return nil, errDamaged
		}
		if last += T(d); last < 0 {
			return nil, errDamaged
		}
		out, b = append(out, last), b[k:]
	}
	return out, nil
}

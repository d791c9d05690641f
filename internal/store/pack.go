package store

import (
	"encoding/json"
	"fmt"

	"github.com/klauspost/compress/zstd"
)

// packer turns values into compact byte strings and back. The first byte of a
// packed value names its form, so that a later version can change it.
type packer struct {
	enc *zstd.Encoder
	dec *zstd.Decoder
}

// The forms of packed values.
const (
	packedPlain = 1 // the body follows
	packedZstd  = 2 // a zstd frame of the body follows
)

// maxUnpacked bounds what a damaged value can make the reader allocate.
const maxUnpacked = 256 << 20

func newPacker() (*packer, error) {
	enc, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(2),
		zstd.WithWindowSize(128<<10), zstd.WithLowerEncoderMem(true), zstd.WithEncoderCRC(true))
	if err != nil {
		return nil, fmt.Errorf("compressor: %w", err)
	}
	dec, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(4), zstd.WithDecoderMaxMemory(maxUnpacked))
	if err != nil {
		return nil, fmt.Errorf("decompressor: %w", err)
	}
	return &packer{enc, dec}, nil
}

func (p *packer) close() {
	_ = p.enc.Close()
	p.dec.Close()
}

func (p *packer) pack(body []byte) []byte {
	if len(body) < 200 { // a frame's own bytes would outweigh the gain
		return append([]byte{packedPlain}, body...)
	}
	return p.enc.EncodeAll(body, append(make([]byte, 0, len(body)/2+64), packedZstd))
}

func (p *packer) unpack(data []byte) ([]byte, error) {
	switch {
	case len(data) == 0:
		return nil, fmt.Errorf("a packed value is empty")
	case data[0] == packedPlain:
		return data[1:], nil
	case data[0] == packedZstd:
		body, err := p.dec.DecodeAll(data[1:], nil)
		if err != nil {
			return nil, fmt.Errorf("a packed value is damaged: %w", err)
		}
		return body, nil
	}
	return nil, fmt.Errorf("a packed value has the unknown form %d", data[0])
}

// json packs v by way of JSON.
func (p *packer) json(v any) ([]byte, error) {
	body, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	return p.pack(body), nil
}

func (p *packer) fromJSON(data []byte, to any) error {
	body, err := p.unpack(data)
	if err != nil {
		return err
	}
	return json.Unmarshal(body, to)
}

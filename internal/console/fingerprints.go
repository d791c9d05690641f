package console

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"sync"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/fingerprint"
	"github.com/harrier-scan/harrier/internal/probe"
	"github.com/harrier-scan/harrier/internal/webtech/template"
)

// FingerprintFolder is where a console with that data folder keeps the
// fingerprints that were brought to it.
func FingerprintFolder(data string) string { return filepath.Join(data, "fingerprints") }

// The formats of fingerprints that can be imported.
const (
	RecogFormat = "recog" // Recog's XML files
	OwnFormat   = "rules" // the own YAML format
)

// ImportFingerprints reads fingerprints in a format from a folder, a .tar.gz or
// one file and keeps them below the data folder, in place of those of the same
// format. A console uses them from its next start. It answers as
// fingerprint.Import does; a fault leaves what is there.
func ImportFingerprints(data, format, place string) (fingerprint.Report, error) {
	source, ok := map[string]string{RecogFormat: fingerprint.Recog, OwnFormat: fingerprint.User}[format]
	if !ok {
		return fingerprint.Report{}, harrier.Invalidf("format", "%q is neither recog nor rules", format)
	}
	return fingerprint.Import(place, source, FingerprintFolder(data))
}

// identifyFunc is probe.Identify with the rules that it is to use.
type identifyFunc = func(context.Context, probe.Target) (harrier.Service, error)

// identifyWith returns probe.Identify with the rules that rules returns, asked
// for at the first target, and with technology templates; nil stands for the
// rules of the program, and for no templates.
func identifyWith(rules func() *fingerprint.Set, templates *template.Set) identifyFunc {
	return func(ctx context.Context, t probe.Target) (harrier.Service, error) {
		if t.Technologies = templates; rules != nil {
			t.Rules = rules()
		}
		return probe.Identify(ctx, t)
	}
}

// rulesOf reads the fingerprints of a place that was named, over which the
// program's own are layered; nil for "". It answers as fingerprint.Open does.
func rulesOf(place string) (func() *fingerprint.Set, error) {
	if place == "" {
		return nil, nil //nolint:nilnil // no rules of one's own are asked for
	}
	more, err := fingerprint.Open(place)
	if err != nil {
		return nil, err
	}
	return sync.OnceValue(func() *fingerprint.Set { return fingerprint.Default().Layer(more) }), nil
}

// rulesIn does the same for a folder that may be missing or empty, and reads it
// only when rules are needed. With a fault in one file none of the folder's
// rules are used; the fault is logged.
func rulesIn(folder string, log *slog.Logger) func() *fingerprint.Set {
	return sync.OnceValue(func() *fingerprint.Set {
		own := fingerprint.Default()
		if entries, err := os.ReadDir(folder); err != nil || len(entries) == 0 {
			return own
		}
		more, err := fingerprint.Open(folder)
		if err != nil {
			log.Error("fingerprints are not used", "folder", folder, "err", err)
			return own
		}
		log.Info("fingerprints loaded", "folder", folder, "rules", more.Len())
		return own.Layer(more)
	})
}

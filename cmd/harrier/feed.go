package main

import (
	"fmt"
	"strings"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/console"
	"github.com/harrier-scan/harrier/internal/content/pack"
)

type feedCommand struct {
	Update   feedUpdateCommand   `cmd:"" help:"Fetch what publishers have that is new, and put it in force."`
	Status   feedStatusCommand   `cmd:"" help:"Tell which content is in force, from whom and how old."`
	Build    feedBuildCommand    `cmd:"" help:"Make one signed file, a pack, of the content in force."`
	Import   importCommand       `cmd:"" help:"Import content from files: a pack, fingerprints."`
	Coverage feedCoverageCommand `cmd:"" help:"Tell how many of the vulnerabilities that are known to be exploited can be found."`
	Trust    feedTrustCommand    `cmd:"" help:"Accept packs that a key has signed."`
	Key      feedKeyCommand      `cmd:"" help:"Print the public key of this installation, for others to trust."`
}

type importCommand struct {
	Format string `arg:"" enum:"pack,recog,rules" help:"pack (what feed build makes), recog (Recog's XML files) or rules (fingerprints in Harrier's own format)."`
	Place  string `arg:"" help:"A file; for fingerprints a folder, a .tar.gz file or one file."`
	Older  bool   `help:"Import a pack also when it is older than what is in force."`
	dataFlag
}

// maxShown bounds how many examples that failed are printed.
const maxShown = 10

// Run imports a pack or fingerprints and prints what they were.
func (c importCommand) Run(s streams) error {
	if c.Format == "pack" {
		return c.pack(s)
	}
	report, err := console.ImportFingerprints(c.Data, c.Format, c.Place)
	if err != nil {
		return err
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%d rules from %d files, %d of %d examples told right; in force when the console starts again\n",
		report.Rules, report.Files, report.Examples-len(report.Failed), report.Examples)
	for i, fault := range report.Failed {
		if i == maxShown {
			fmt.Fprintf(&b, "  and %d more\n", len(report.Failed)-maxShown)
			break
		}
		fmt.Fprintf(&b, "  %s\n", fault)
	}
	_, err = fmt.Fprint(s.out, b.String())
	return err
}

func (c importCommand) pack(s streams) error {
	m, err := pack.In(c.Data).Import(c.Place, pack.Options{Older: c.Older})
	if err != nil {
		return err
	}
	return printContent(s.out, m)
}

type feedBuildCommand struct {
	Output    string `short:"o" required:"" placeholder:"PACK" help:"The file to write."`
	Key       string `placeholder:"FILE" help:"Private ed25519 key in PEM to sign with; the installation's own when empty."`
	Publisher string `placeholder:"NAME" help:"Who publishes the pack; who published the content when empty."`
	dataFlag
}

// Run writes a pack.
func (c feedBuildCommand) Run(s streams) error {
	place := pack.In(c.Data)
	content, err := place.Load()
	if harrier.KindOf(err) == harrier.NotFound && err != nil {
		return harrier.Errorf(harrier.NotFound, "there is no content yet: harrier feed update fetches some")
	}
	if err != nil {
		return err
	}
	var key pack.Private
	if c.Key != "" {
		key, err = pack.ReadPrivate(c.Key)
	} else {
		key, err = place.Key()
	}
	if err != nil {
		return err
	}
	m, err := pack.Write(c.Output, content, key, c.Publisher)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(s.out, "%s: content %d, %s, signed by %s\n", c.Output, m.Sequence, size(m.PackedSize), m.Key)
	return err
}

type feedTrustCommand struct {
	Key string `arg:"" help:"A file with a public key, or its 64 hexadecimal digits."`
	dataFlag
}

// Run accepts a key.
func (c feedTrustCommand) Run(s streams) error {
	key, err := publicKey(c.Key)
	if err != nil {
		return err
	}
	if err := pack.In(c.Data).Trust(key); err != nil {
		return err
	}
	_, err = fmt.Fprintf(s.out, "packs signed by %s are accepted\n", key.ID())
	return err
}

type feedKeyCommand struct{ dataFlag }

// Run prints the key.
func (c feedKeyCommand) Run(s streams) error {
	key, err := pack.In(c.Data).Key()
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(s.out, key.Public())
	return err
}

package console

import (
	"slices"

	"github.com/harrier-scan/harrier/internal/dialect/apiv3"
	"github.com/harrier-scan/harrier/internal/dialect/asm"
	"github.com/harrier-scan/harrier/internal/dialect/insightvm"
	"github.com/harrier-scan/harrier/internal/dialect/kit"
	"github.com/harrier-scan/harrier/internal/dialect/nessus"
	"github.com/harrier-scan/harrier/internal/dialect/nexpose"
	"github.com/harrier-scan/harrier/internal/dialect/securitycenter"
	"github.com/harrier-scan/harrier/internal/feed"
	"github.com/harrier-scan/harrier/internal/feed/alpine"
	"github.com/harrier-scan/harrier/internal/feed/arch"
	"github.com/harrier-scan/harrier/internal/feed/csaf"
	"github.com/harrier-scan/harrier/internal/feed/cvelist"
	"github.com/harrier-scan/harrier/internal/feed/debian"
	"github.com/harrier-scan/harrier/internal/feed/eol"
	"github.com/harrier-scan/harrier/internal/feed/epss"
	"github.com/harrier-scan/harrier/internal/feed/exploitdb"
	"github.com/harrier-scan/harrier/internal/feed/kev"
	"github.com/harrier-scan/harrier/internal/feed/microsoft"
	"github.com/harrier-scan/harrier/internal/feed/msf"
	"github.com/harrier-scan/harrier/internal/feed/nvd"
	"github.com/harrier-scan/harrier/internal/feed/osv"
	"github.com/harrier-scan/harrier/internal/feed/oval"
	"github.com/harrier-scan/harrier/internal/feed/overrides"
	"github.com/harrier-scan/harrier/internal/feed/redhat"
	"github.com/harrier-scan/harrier/internal/feed/retire"
	"github.com/harrier-scan/harrier/internal/feed/suse"
	"github.com/harrier-scan/harrier/internal/feed/ubuntu"
	"github.com/harrier-scan/harrier/internal/feed/updateinfo"
	"github.com/harrier-scan/harrier/internal/format"
	formatcsv "github.com/harrier-scan/harrier/internal/format/csv"
	formathtml "github.com/harrier-scan/harrier/internal/format/html"
	formatjson "github.com/harrier-scan/harrier/internal/format/json"
	formatlist "github.com/harrier-scan/harrier/internal/format/list"
	formatnessus "github.com/harrier-scan/harrier/internal/format/nessus"
	formatnexpose "github.com/harrier-scan/harrier/internal/format/nexpose"
	formatpdf "github.com/harrier-scan/harrier/internal/format/pdf"
	"github.com/harrier-scan/harrier/internal/format/sarif"
	"github.com/harrier-scan/harrier/internal/format/table"
	"github.com/harrier-scan/harrier/internal/format/xlsx"
)

// Dialects are the public APIs, in the order in which they are asked whether a
// request is theirs.
func Dialects() []kit.Dialect {
	return []kit.Dialect{nessus.Dialect, securitycenter.Dialect, apiv3.Dialect, nexpose.Dialect, insightvm.Dialect, asm.Dialect}
}

// Formats are the shapes that results can be written in.
func Formats() []format.Format {
	return []format.Format{formatnessus.Format, formatcsv.Format, formatjson.Format, sarif.Format, table.Format, formatlist.Format, formathtml.Format, formatpdf.Format, formatnexpose.RawV2, formatnexpose.Raw, formatnexpose.Simple, formatnexpose.Table, xlsx.Format}
}

// Feeds are the publishers of content, in the order in which they are read.
func Feeds() []feed.Format {
	return slices.Concat(
		[]feed.Format{debian.Format, ubuntu.Format, redhat.Format, suse.Format, oval.Format, alpine.Format, arch.Format},
		updateinfo.Formats,
		[]feed.Format{microsoft.Format},
		csaf.Formats,
		osv.Formats,
		[]feed.Format{
			cvelist.Format, cvelist.Vulnrichment, nvd.Format, overrides.Format, retire.Format, eol.Format,
			kev.Format, epss.Format, msf.Format, exploitdb.Format,
		},
	)
}

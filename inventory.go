package harrier

import "time"

// Inventory is what is installed on one machine, as its package manager tells.
type Inventory struct {
	// Distro is the word for the distribution in Package.Ecosystem, "debian",
	// "ubuntu", "redhat", "centos", "alma", "rocky", "oracle", "amazon", "sles", "leap",
	// "fedora", "alpine", "arch"; "" when it is not known.
	Distro string `json:"distro"`
	// Release is its release as Package.Ecosystem writes it: "12", "22.04", "9",
	// "3.19", "15.5"; "" for a distribution without releases.
	Release string `json:"release,omitempty"`
	// Kernel is the release of the running kernel as uname -r tells:
	// "6.1.0-18-amd64"; "" when it is not known.
	Kernel   string             `json:"kernel,omitempty"`
	Packages []InstalledPackage `json:"packages"`
	// NeedsRestart are names of packages that processes still run an older build
	// of than is installed.
	NeedsRestart []string  `json:"needs_restart,omitempty"`
	Collected    time.Time `json:"collected,omitzero"`
}

// InstalledPackage is one package as it is installed.
type InstalledPackage struct {
	Name    string `json:"name"`    // of the binary package
	Version string `json:"version"` // with epoch and release, as the ecosystem's scheme has it
	Arch    string `json:"arch,omitempty"`
	// Source and SourceVersion are of the source package that it was built from;
	// empty where they are Name and Version, or not known.
	Source        string `json:"source,omitempty"`
	SourceVersion string `json:"source_version,omitempty"`
	// NoEpoch tells that the list left epochs out: Version has none, and it is not
	// known to be 0.
	NoEpoch bool `json:"no_epoch,omitempty"`
	// Module is the stream that an rpm comes from: "nginx:1.22"; "" for none.
	Module string `json:"module,omitempty"`
}

// packageKinds are the first words of the ecosystems of distributions.
var packageKinds = map[string]string{
	"debian": "deb", "ubuntu": "deb", "ubuntu-pro": "deb",
	"redhat": "rpm", "redhat-eus": "rpm", "centos": "rpm", "alma": "rpm", "rocky": "rpm", "oracle": "rpm", "amazon": "rpm",
	"sles": "rpm", "leap": "rpm", "tumbleweed": "rpm", "fedora": "rpm",
	"alpine": "apk", "arch": "alpm",
}

// Ecosystem returns the ecosystem of the packages for Package.Ecosystem, such as
// "deb/debian/12"; "" when the distribution is not known.
func (i *Inventory) Ecosystem() string {
	kind := packageKinds[i.Distro]
	switch {
	case kind == "":
		return ""
	case i.Release == "":
		return kind + "/" + i.Distro
	}
	return kind + "/" + i.Distro + "/" + i.Release
}

// Of returns the name and version that statements of its ecosystem speak of: of
// the source package for deb and apk, of the binary package elsewhere.
func (p InstalledPackage) Of(ecosystem string) (name, version string) {
	name, version = p.Name, p.Version
	if len(ecosystem) > 3 && (ecosystem[:4] == "deb/" || ecosystem[:4] == "apk/") {
		if p.Source != "" {
			name = p.Source
		}
		if p.SourceVersion != "" {
			version = p.SourceVersion
		}
	}
	return name, version
}

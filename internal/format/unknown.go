package format

import (
	"fmt"

	"github.com/harrier-scan/harrier"
)

// unknownVulnerability stands for a definition that this installation does not
// have, as after the import of a foreign file.
func unknownVulnerability(id harrier.VulnID) harrier.Vulnerability {
	return harrier.Vulnerability{
		ID:          id,
		Slug:        fmt.Sprintf("plugin-%d", id),
		Name:        fmt.Sprintf("Plugin %d", id),
		Family:      "General",
		Synopsis:    "This result comes from a plugin that is not part of this installation.",
		Description: "The definition of the plugin is not known here; only the result itself was kept.",
	}
}

package kit

import (
	"net/http"

	"github.com/harrier-scan/harrier"
)

var ownPages = http.NewCrossOriginProtection()

// OwnPage answers Forbidden for a request that may change something and that a
// browser sends for a page from elsewhere. It is for doors that believe what
// browsers add by themselves: cookies, and passwords that were typed once. What
// programs send passes.
func OwnPage(r *http.Request) error {
	if err := ownPages.Check(r); err != nil {
		return harrier.Errorf(harrier.Forbidden, "the page that asks is not of this console").Because(err)
	}
	return nil
}

package securitycenter

func (a api) tokenRoutes(*router) {}

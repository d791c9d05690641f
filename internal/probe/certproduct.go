package probe

// certificateProducts are services that tell nothing before a client has shown
// a certificate of its own, by the subject that only they write into theirs.
var certificateProducts = map[string]struct{ name, product string }{
	"CN=AnyDesk Client": {"anydesk", "AnyDesk"},
}

// byCertificate names a service inside TLS that was not recognised otherwise.
func (x *talk) byCertificate() {
	if x.s.Name != "tls" || len(x.s.Certificates) == 0 {
		return
	}
	subject := x.s.Certificates[0].Subject
	if p, known := certificateProducts[subject]; known {
		x.s.Name = p.name
		x.is(p.product, "", "", "certificate of "+subject)
	}
}

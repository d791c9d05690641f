package surface

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/miekg/dns"

	"github.com/harrier-scan/harrier/internal/netio"
)

// Attributes of a domain that announces a policy about the transport of its mail:
// that its server was silent, and what is wrong with the certificate there.
const (
	AttrPolicySilent      = "mta-sts.silent"
	AttrPolicyCertificate = "mta-sts.certificate"
)

// policyPage gets the policy about the transport of mail to a domain.
//
// Source: RFC 8461 section 3.3: senders believe it by the certificate alone.
func (d *discovery) policyPage(ctx context.Context, name string) {
	host, n := "mta-sts."+name, Node{Kind: Domain, Key: name}
	d.domain(n, Child, host, "mta-sts", nil)
	if !d.isOwn(host) {
		return
	}
	have, _, silent := d.addresses(ctx, host)
	spots := d.reachable(ctx, host)
	silent = silent || have && len(spots) == 0 // its addresses may not be asked
	for _, a := range spots {
		s := &site{d: d, host: host, node: Node{Kind: Domain, Key: host}, at: netip.AddrPortFrom(a.addr, 443), tls: true}
		res, body, err := s.get(ctx, s.base().JoinPath(".well-known", "mta-sts.txt"))
		switch {
		case err != nil:
			silent = silent || !refused(err)
		case res.StatusCode == http.StatusOK:
			if fault := distrusted(res.TLS, host, d.o.Now()); fault != "" {
				d.attribute(n, "web", AttrPolicyCertificate, fault)
				return
			}
			d.attribute(n, "web", "mta-sts.policy", strings.ToValidUTF8(string(body[:min(len(body), maxValue)]), ""))
			return
		}
	}
	switch {
	case ctx.Err() != nil:
	case silent:
		d.attribute(n, "web", AttrPolicySilent, "true")
	default:
		d.attribute(n, "web", "mta-sts.missing", "true")
	}
}

// refused reports whether a server answered that it does not serve.
func refused(err error) bool {
	var alert tls.AlertError
	var record tls.RecordHeaderError
	return netio.Classify(err) == netio.Closed || errors.As(err, &alert) || errors.As(err, &record)
}

// mailServer asks an own mail exchanger whether it speaks TLS, and who it is.
func (d *discovery) mailServer(ctx context.Context, name string) {
	d.addresses(ctx, name)
	for _, spot := range d.reachable(ctx, name) {
		a := spot.addr
		if !spot.own {
			continue
		}
		at := netip.AddrPortFrom(a, 25)
		service := Node{Kind: Service, Key: at.String() + "/tcp"}
		starttls, chain, err := d.greet(ctx, at, name)
		if err != nil {
			continue
		}
		d.link(AddrNode(a), Hosts, service, "mail", nil)
		d.attribute(service, "mail", "starttls", strconv.FormatBool(starttls))
		if len(chain) > 0 {
			d.certificate(service, chain)
			if fits, told := d.dane(ctx, name, chain); told && !fits {
				d.attribute(service, "mail", AttrDANE, name)
			}
		}
	}
}

// AttrDANE is of a mail service: the names under which the DNS promises another
// certificate than the one that is shown.
const AttrDANE = "dane.mismatch"

// dane reports whether a chain has a certificate that the DNS promises for a mail
// exchanger, and whether it promises one.
//
// Source: RFC 7672 section 3.1: usages 2 and 3 count for mail.
func (d *discovery) dane(ctx context.Context, name string, chain []*x509.Certificate) (fits, told bool) {
	a, err := d.dns.Lookup(ctx, "_25._tcp."+name, dns.TypeTLSA)
	if err != nil {
		return false, false
	}
	for _, r := range a.Records {
		t, ok := r.(*dns.TLSA)
		if !ok || t.Usage != 2 && t.Usage != 3 {
			continue
		}
		told = true
		among := chain[:1]
		if t.Usage == 2 {
			among = chain
		}
		fits = fits || slices.ContainsFunc(among, func(c *x509.Certificate) bool { return t.Verify(c) == nil })
	}
	return fits, told
}

func (d *discovery) greet(ctx context.Context, at netip.AddrPort, name string) (starttls bool, chain []*x509.Certificate, err error) {
	ctx, cancel := context.WithTimeout(ctx, d.o.Patience)
	defer cancel()
	c, err := d.dial(ctx, at)
	if err != nil {
		return false, nil, err
	}
	defer c.Close()
	defer context.AfterFunc(ctx, func() { c.SetDeadline(time.Unix(1, 0)) })()
	if _, err := reply(c, ""); err != nil {
		return false, nil, err
	}
	features, err := reply(c, "EHLO scanner.invalid")
	if err != nil {
		return false, nil, err
	}
	if !strings.Contains(strings.ToUpper(features), "STARTTLS") {
		_, err = reply(c, "QUIT")
		return false, nil, nil
	}
	if _, err := reply(c, "STARTTLS"); err != nil {
		return false, nil, ctx.Err()
	}
	t := tls.Client(c, &tls.Config{InsecureSkipVerify: true, ServerName: name, MinVersion: tls.VersionTLS10}) // as in get
	if err := t.HandshakeContext(ctx); err != nil {
		return false, nil, ctx.Err() // out of time, nobody knows
	}
	return true, t.ConnectionState().PeerCertificates, nil
}

// reply sends a line and reads an SMTP reply, whose last line has a blank
// behind the code.
func reply(c net.Conn, line string) (string, error) {
	if line != "" {
		if _, err := c.Write([]byte(line + "\r\n")); err != nil {
			return "", err
		}
	}
	var all []byte
	buf := make([]byte, 1024)
	for len(all) < 8<<10 {
		n, err := c.Read(buf)
		all = append(all, buf[:n]...)
		if lines := strings.Split(string(all), "\r\n"); len(lines) > 1 {
			if last := lines[len(lines)-2]; strings.HasSuffix(string(all), "\r\n") && len(last) > 3 && last[3] == ' ' || len(last) == 3 {
				if last[0] != '2' {
					return "", fmt.Errorf("the server says %s", last[:3])
				}
				return string(all), nil
			}
		}
		if err != nil {
			return "", err
		}
	}
	return "", errors.New("the reply has no end")
}

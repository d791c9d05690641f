package main

import (
	"bufio"
	"encoding/json"
	"encoding/xml"
	"io"
	"strings"
)

// job is one identification as a program is asked for it.
type job struct {
	ports string // separated by commas
	out   string // the file for results
}

// answer is what a program told of a port.
type answer struct {
	name    string // of the protocol; "" when it was only looked up by the port's number
	tls     bool
	product string
	version string
	cpes    []string
}

// peer is a program that identifies services.
type peer struct {
	name    string
	program string // "": Harrier
	args    func(j job) []string
	read    func(r io.Reader) (map[uint16]answer, error)
}

const (
	harrierName = "harrier"
	nmapName    = "nmap -sV"
)

var peers = []peer{
	{harrierName, "", func(j job) []string {
		return []string{"scan", "--services-only", "--no-ping", "--progress", "never", "--format", "json", "-p", "T:" + j.ports, "-o", j.out, address}
	}, readHarrier},
	{nmapName, "nmap", nmap(), readNmap},
	{"nmap -sV --version-light", "nmap", nmap("--version-light"), readNmap},
	{"nmap -sV -T5", "nmap", nmap("-T5"), readNmap},
	{"fingerprintx", "fingerprintx", func(j job) []string {
		return []string{"--json", "-w", "500", "-o", j.out, "-t", targets(j)}
	}, readFingerprintx},
}

func nmap(more ...string) func(job) []string {
	return func(j job) []string {
		return append([]string{"-n", "-Pn", "-sS", "-sV", "-p", j.ports, "-oX", j.out, address}, more...)
	}
}

func targets(j job) string {
	var all []string
	for p := range strings.SplitSeq(j.ports, ",") {
		all = append(all, address+":"+p)
	}
	return strings.Join(all, ",")
}

func readHarrier(r io.Reader) (map[uint16]answer, error) {
	var report struct {
		Hosts []struct {
			Services []struct {
				Port                        uint16
				TLS                         bool
				Name, Product, Version, CPE string
			}
		}
	}
	if err := json.NewDecoder(r).Decode(&report); err != nil {
		return nil, err
	}
	out := map[uint16]answer{}
	for _, h := range report.Hosts {
		for _, s := range h.Services {
			out[s.Port] = answer{s.Name, s.TLS, s.Product, s.Version, []string{s.CPE}}
		}
	}
	return out, nil
}

func readNmap(r io.Reader) (map[uint16]answer, error) {
	var report struct {
		Ports []struct {
			ID    uint16 `xml:"portid,attr"`
			State struct {
				State string `xml:"state,attr"`
			} `xml:"state"`
			Service struct {
				Name    string   `xml:"name,attr"`
				Method  string   `xml:"method,attr"`
				Tunnel  string   `xml:"tunnel,attr"`
				Product string   `xml:"product,attr"`
				Version string   `xml:"version,attr"`
				CPEs    []string `xml:"cpe"`
			} `xml:"service"`
		} `xml:"host>ports>port"`
	}
	if err := xml.NewDecoder(r).Decode(&report); err != nil {
		return nil, err
	}
	out := map[uint16]answer{}
	for _, p := range report.Ports {
		if p.State.State != "open" {
			continue
		}
		a := answer{"", p.Service.Tunnel == "ssl", p.Service.Product, p.Service.Version, p.Service.CPEs}
		if p.Service.Method != "table" {
			a.name = p.Service.Name
		}
		out[p.ID] = a
	}
	return out, nil
}

func readFingerprintx(r io.Reader) (map[uint16]answer, error) {
	out := map[uint16]answer{}
	for in := bufio.NewScanner(r); in.Scan(); {
		var l struct {
			Port     uint16
			Protocol string
			TLS      bool
			Version  string
			Metadata struct {
				CPEs    []string `json:"cpes"`
				Product string   `json:"product"`
			}
		}
		if err := json.Unmarshal(in.Bytes(), &l); err != nil {
			return nil, err
		}
		out[l.Port] = answer{l.Protocol, l.TLS, l.Metadata.Product + " " + strings.Join(l.Metadata.CPEs, " "), l.Version, l.Metadata.CPEs}
	}
	return out, nil
}

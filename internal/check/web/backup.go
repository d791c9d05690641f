package web

import (
	"bytes"
	"context"
	"strings"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/check"
)

// backups are where copies of a site or its database are left.
var backups = strings.Fields(`/backup.zip /backup.tar.gz /backup.sql /backup.sql.gz /dump.sql /dump.sql.gz /database.sql /db.sql /site.zip /www.zip /www.tar.gz /public_html.zip
	/wp-config.php.bak /wp-config.php~ /wp-config.php.old /config.php.bak /configuration.php.bak`)

// Backup reports copies of a site or its database below its root.
var Backup = check.Define(harrier.Vulnerability{
	ID: 900508, Slug: "http-backup-exposed", Name: "Backup served by the web server", Family: cgi,
	Synopsis:    "The web server gives out a copy of the site or of its database.",
	Description: "An archive, a dump of a database or a copy of a settings file lies below the document root and can be read. Such files hold source code, passwords and what users entrusted to the site.",
	Solution:    "Move the file out of the document root, and change the passwords that were in it.",
	CWEs:        []int{530, 538},
	References:  []string{"https://cwe.mitre.org/data/definitions/530.html"},
}, check.Exposure, check.Check{Applies: applies, Run: func(ctx context.Context, t check.Target) (harrier.Verdict, string, error) {
	paths := backups
	if t.Name != "" {
		paths = append([]string{"/" + t.Name + ".zip", "/" + t.Name + ".tar.gz", "/" + t.Name + ".sql"}, paths...)
	}
	return t.Exposed(ctx, backup, paths...)
}})

// marks are how backups begin, or what stands near their begin.
var marks = []struct {
	name, begin, near string
}{
	{"a ZIP archive", "PK\x03\x04", ""},
	{"a gzip file", "\x1f\x8b\x08", ""},
	{"a dump of MySQL", "-- MySQL dump", ""},
	{"a dump of MariaDB", "-- MariaDB dump", ""},
	{"a dump of MariaDB", "/*M!999999", ""},
	{"a dump of phpMyAdmin", "-- phpMyAdmin SQL Dump", ""},
	{"a dump of PostgreSQL", "--", "-- PostgreSQL database dump"},
	{"settings of WordPress", "<?php", "DB_PASSWORD"},
	{"settings of Joomla", "<?php", "class JConfig"},
	{"settings of an application", "<?php", "password"},
}

// backup proves a backup by its content, none of which it shows.
func backup(r check.Reply) (string, bool) {
	for _, m := range marks {
		if bytes.HasPrefix(r.Body, []byte(m.begin)) && bytes.Contains(r.Body[:min(len(r.Body), 16<<10)], []byte(m.near)) {
			return "  The file is " + m.name + ".", true
		}
	}
	return "", false
}

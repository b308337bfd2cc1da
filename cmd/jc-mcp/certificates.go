package main

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"sync"
	"time"
)

// certificatesEvery is how often new connections look for new files.
const certificatesEvery = time.Second

// certificates are what a server does TLS with. The files are read again when a new
// connection finds them changed; connections that are open go on. Where the new ones do
// not fit together, as between two writes, the old ones stay.
type certificates struct {
	files [3]string // certificate, key, and who issues client certificates ("" for none)
	log   *slog.Logger

	mu     sync.Mutex
	looked time.Time
	read   [3][]byte // as last read, good or not
	now    *tls.Config
}

// tls is what to serve with; nil is without TLS.
func (r *remoteAccess) tls(log *slog.Logger) (*tls.Config, error) {
	switch {
	case r.certFile == "" && r.keyFile == "":
		return nil, nil
	case r.certFile == "" || r.keyFile == "":
		return nil, usagef("--tls-cert and --tls-key belong together: set both")
	}
	c := &certificates{files: [3]string{r.certFile, r.keyFile, r.clientCA}, log: log}
	if err := c.load(); err != nil {
		return nil, asUsage(err)
	}
	return &tls.Config{MinVersion: tls.VersionTLS12, GetConfigForClient: c.current}, nil
}

// current is what a new connection is served with.
func (c *certificates) current(*tls.ClientHelloInfo) (*tls.Config, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if time.Since(c.looked) >= certificatesEvery {
		before := c.now
		switch err := c.load(); {
		case err != nil:
			c.log.Error("the certificate files changed and are not good: the old ones are in use", "why", err.Error())
		case c.now != before:
			c.log.Info("the certificate files changed: new connections use them")
		}
	}
	return c.now, nil
}

// load reads the files, and takes them when they changed. A change that is not good
// is an error once.
func (c *certificates) load() error {
	c.looked = time.Now()
	var read [3][]byte
	for i, path := range c.files {
		if path == "" {
			continue
		}
		var err error
		if read[i], err = os.ReadFile(path); err != nil {
			read[i] = nil
			if c.now != nil && c.read[i] == nil {
				return nil // said before
			}
			c.read[i] = nil
			return fmt.Errorf("%s: %w", []string{"--tls-cert", "--tls-key", "--tls-client-ca"}[i], err)
		}
	}
	if c.now != nil && slices.EqualFunc(read[:], c.read[:], bytes.Equal) {
		return nil
	}
	c.read = read
	pair, err := tls.X509KeyPair(read[0], read[1])
	if err != nil {
		return fmt.Errorf("--tls-cert, --tls-key: %w", err)
	}
	next := &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12, NextProtos: []string{"http/1.1"}}
	if c.files[2] != "" {
		next.ClientCAs = x509.NewCertPool()
		if !next.ClientCAs.AppendCertsFromPEM(read[2]) {
			return errors.New("--tls-client-ca: the file holds no certificate")
		}
		next.ClientAuth = tls.VerifyClientCertIfGiven // callers may have a token instead
		next.VerifyConnection = forClients
	}
	c.now = next
	return nil
}

// forClients refuses a client certificate that was not made to be one. crypto/tls takes
// a certificate that does not say what it is for.
func forClients(s tls.ConnectionState) error {
	if len(s.PeerCertificates) > 0 && !slices.Contains(s.PeerCertificates[0].ExtKeyUsage, x509.ExtKeyUsageClientAuth) {
		return errors.New("the client certificate is not made for clients")
	}
	return nil
}

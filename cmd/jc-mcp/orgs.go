package main

import (
	"context"
	"crypto/sha256"
	"fmt"
	"net/url"
	"os"
	"slices"

	"github.com/jc-mcp/jc-mcp/auth"
	jc "github.com/jc-mcp/jc-mcp/jumpcloud"
	"github.com/jc-mcp/jc-mcp/jumpcloud/sandbox"
	"github.com/jc-mcp/jc-mcp/tools"
)

// readOrgs reads the file of organisations. What can be read without running a command
// is read now, so that a wrong place of a secret stops the start.
func (s *shell) readOrgs(ctx context.Context, c *config) error {
	data, err := readOrgsFile(c.orgsFile)
	if err != nil {
		return asUsage(err)
	}
	return s.takeOrgs(ctx, c, data)
}

// takeOrgs puts the organisations of a file into the place of those of the configuration.
func (s *shell) takeOrgs(ctx context.Context, c *config, data []byte) error {
	list, err := s.orgsIn(c.orgsFile, data)
	if err != nil {
		return asUsage(err)
	}
	c.orgsSum = sha256.Sum256(data)
	c.known, c.organizations = named(list), nil
	var names []string
	for _, o := range c.known {
		names = append(names, o.name)
	}
	only := c.org
	if only == tools.EveryOrg {
		only = ""
	}
	if only != "" && !slices.Contains(names, c.org) {
		return unknown("organisation", only, names)
	}
	for i, said := range list {
		if only != "" && only != said.Name {
			continue
		}
		o := c.known[i]
		if err := s.openOrg(ctx, c, &o, said); err != nil {
			return err
		}
		c.organizations = append(c.organizations, o)
	}
	return nil
}

// named are the organisations of a file as far as they are known by name: no secret is
// looked for.
func named(list []auth.Organization) (out []organization) {
	for _, said := range list {
		o := organization{name: said.Name, region: said.Region, id: said.ID}
		for _, cred := range said.Credentials {
			o.credentials = append(o.credentials, credential{name: cred.Name})
		}
		out = append(out, o)
	}
	return out
}

// names are those of the organisations that are served.
func (c *config) names() []string {
	out := make([]string, len(c.organizations))
	for i, o := range c.organizations {
		out[i] = o.name
	}
	return out
}

// openOrg finds hosts and secrets of an organisation.
func (s *shell) openOrg(ctx context.Context, c *config, o *organization, said auth.Organization) error {
	var bases [3]*url.URL
	for i, text := range []string{said.Console, said.Insights, said.OAuth} {
		if text == "" {
			continue
		}
		base, err := jc.ParseBase(text)
		if err != nil {
			return asUsage(err)
		}
		bases[i] = base
	}
	if err := o.resolveHosts(bases[0], bases[1], bases[2]); err != nil {
		return err
	}
	if said.Sandbox != nil {
		o.useSandbox(sandbox.Options{Users: said.Sandbox.Users, Seed: uint64(said.Sandbox.Seed)})
		return nil
	}
	o.credentials = nil
	for _, cred := range said.Credentials {
		login := cred.Login
		if cred.Keychain != "" {
			var err error
			if login, err = auth.KeychainLogin(cred.Keychain); err != nil {
				return usagef("%s: organisation %s: %v", c.orgsFile, said.Name, err)
			}
		}
		for _, src := range login.Sources() {
			if auth.Costly(src) {
				continue
			}
			warning, err := auth.Check(ctx, src)
			if err != nil {
				return usagef("%s: organisation %s: %v", c.orgsFile, said.Name, err)
			}
			if warning != "" {
				c.warnings = append(c.warnings, warning)
			}
		}
		o.credentials = append(o.credentials, credential{cred.Name, login})
	}
	return nil
}

// parseOrgs reads what a file of organisations says, and opens nothing.
func (s *shell) parseOrgs(path string) ([]auth.Organization, error) {
	data, err := readOrgsFile(path)
	if err != nil {
		return nil, err
	}
	return s.orgsIn(path, data)
}

// maxOrgsFile is how long a file of organisations may be.
const maxOrgsFile = 1 << 20

func readOrgsFile(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err == nil && (!info.Mode().IsRegular() || info.Size() > maxOrgsFile) {
		return nil, fmt.Errorf("the file of organisations %s is no file of less than 1 MiB", path)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("the file of organisations %s cannot be read", path)
	}
	return data, nil
}

func (s *shell) orgsIn(path string, data []byte) ([]auth.Organization, error) {
	return auth.ParseOrgs(path, data, auth.OrgFileOptions{
		Regions: jc.Regions(), Getenv: s.getenv,
		Base: func(v string) error { _, err := jc.ParseBase(v); return err },
		ID: func(v string) error {
			if !organisationID.MatchString(v) {
				return fmt.Errorf("the id of an organisation is 24 hex digits")
			}
			return nil
		},
	})
}

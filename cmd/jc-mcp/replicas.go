package main

import (
	"errors"
	"net/url"

	"github.com/jc-mcp/jc-mcp/cmd/jc-mcp/internal/transport"
	"github.com/jc-mcp/jc-mcp/tools"
)

// balancing says what stands between clients and servers on http.
type balancing struct {
	origins []string // of pages that may call, beside those of loopback
	sticky  bool     // the balancer keeps a client at one replica
}

// balancingSettings are the rows of balancing.
func balancingSettings() []setting {
	return []setting{
		{env: "JC_ORIGINS", flag: "origin", group: remote, help: "origins of web pages that may call this server and read its answers (CORS), such as https://app.example.com, a comma between two",
			read: func(c *config, v string) (err error) {
				if c.balancing.origins, err = commaList(v); err != nil {
					return err
				}
				for _, o := range c.balancing.origins {
					if err := checkOrigin(o); err != nil {
						return err
					}
				}
				return nil
			}},
		{env: "JC_STICKY", flag: "sticky", group: remote, def: "false", onOff: true, help: "with --store: the balancer keeps a client at one replica, so clients older than 2026-07-28 get sessions and can be asked",
			read: func(c *config, v string) error { c.balancing.sticky = v == "true"; return nil }},
	}
}

// checkOrigin takes an origin as browsers write it.
func checkOrigin(v string) error {
	u, err := url.Parse(v)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || u.Scheme+"://"+u.Host != v {
		return errors.New("an origin is scheme, name and, unless it is the usual one, port: https://app.example.com; no path, no pattern")
	}
	return nil
}

// balanced sets what a server on http does because it is one of several.
func (v *service) balanced(o *transport.Options) error {
	o.Origins = v.conf.balancing.origins
	shared := v.dir != nil && v.dir.Shared()
	if !shared && v.conf.balancing.sticky {
		return usagef("--sticky is about several servers behind a balancer: they share a --store, or leave it out")
	}
	if !shared {
		return nil
	}
	keys, err := v.dir.Masters()
	if err != nil {
		return err
	}
	o.Replicated = !v.conf.balancing.sticky
	o.Tasks, err = transport.NewSealedShelf(v.dir.Tasks(), keys)
	return err
}

// replicas is what desks share with those of other servers; nil without a store.
func (g *governed) replicas() (*tools.Replicas, error) {
	if g.dir == nil || !g.dir.Shared() {
		return nil, nil
	}
	keys, err := g.dir.Masters()
	if err != nil {
		return nil, err
	}
	return &tools.Replicas{Keys: keys, Shelf: g.dir.Tasks()}, nil
}

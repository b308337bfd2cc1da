package main

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/jc-mcp/jc-mcp/auth"
	"github.com/jc-mcp/jc-mcp/auth/state"
	jc "github.com/jc-mcp/jc-mcp/jumpcloud"
	"github.com/jc-mcp/jc-mcp/jumpcloud/sandbox"
)

// sandboxKey is the key that an organisation in memory takes; it opens nothing else.
const sandboxKey = "sandbox-key"

// organization is one of JumpCloud, and how it is reached.
type organization struct {
	name        string // "" for the only one, which has none
	region, id  string
	hosts       jc.Hosts
	sandbox     *sandbox.Options // in memory, in the place of JumpCloud
	credentials []credential     // the standard one first
}

// credential is a login that has a name where there are several.
type credential struct {
	name string // "" is the standard one
	auth.Login
}

// link is an organisation as one credential reaches it.
type link struct {
	*organization
	credential string
	login      auth.Login
	signs      auth.Credential // made of login; nil without one
	client     *jc.Client      // nil without a credential
}

func checkOrganisationID(id string) error {
	if !organisationID.MatchString(id) {
		return usagef("JC_ORG_ID, --org: the id of an organisation is 24 hex digits (a name only with --orgs)")
	}
	return nil
}

// one makes the only organisation of what the settings say.
func (c *config) one() error {
	o := organization{region: c.region, id: c.org, credentials: []credential{{Login: c.login}}}
	if c.sandbox {
		o.useSandbox(sandbox.Options{})
	}
	if c.keychain != "" {
		login, err := auth.KeychainLogin(c.keychain)
		if err != nil {
			return usagef("JC_KEYCHAIN: %v", err)
		}
		o.credentials[0].Login = login
	}
	err := o.resolveHosts(c.console, c.insights, c.oauth)
	c.organizations = []organization{o}
	return err
}

func (o *organization) useSandbox(options sandbox.Options) {
	options.APIKey = sandboxKey
	o.sandbox = &options
	o.credentials = []credential{{Login: auth.Login{APIKey: auth.Value(sandboxKey)}}}
}

// resolveHosts finds the hosts. Where only the console is another, the other
// two follow it: a key given for one address must not travel to another.
func (o *organization) resolveHosts(console, insights, oauth *url.URL) error {
	hosts, err := jc.RegionHosts(o.region)
	if err != nil {
		return asUsage(err)
	}
	if console != nil {
		hosts = jc.Hosts{Console: console, Insights: console, OAuth: console}
	}
	if insights != nil {
		hosts.Insights = insights
	}
	if oauth != nil {
		hosts.OAuth = oauth
	}
	o.hosts = hosts
	return nil
}

// transport is the way to the organisation, for all of its credentials.
func (o *organization) transport(c *config) (http.RoundTripper, error) {
	if o.sandbox == nil {
		return c.transport, nil
	}
	org, err := sandbox.New(*o.sandbox)
	if err != nil {
		return nil, asUsage(fmt.Errorf("%s%w", o.prefix(), err))
	}
	return org.Transport(), nil
}

// connect makes the clients of an organisation, one for each of its credentials:
// everything goes through one of them. What they send is paced with all who share dir,
// unless that is nil. Links that there are already, to the same organisation by the same
// login, stay.
func (c *config) connect(o *organization, dir *state.Dir, have []link) (links []link, err error) {
	transport, err := o.transport(c)
	if err != nil {
		return nil, err
	}
	for _, login := range o.credentials {
		l := link{organization: o, credential: login.name, login: login.Login}
		if i := slices.IndexFunc(have, l.same); i >= 0 {
			l.signs, l.client = have[i].signs, have[i].client
			links = append(links, l)
			continue
		}
		cred, err := login.Credential(o.hosts.OAuth.String(), c.transport)
		if err != nil {
			return nil, asUsage(fmt.Errorf("%s%w", o.prefix(), err))
		}
		if cred != nil {
			l.signs = cred
			cfg := jc.Config{
				Hosts: o.hosts, OrgID: o.id, Renew: cred.Renew, Scope: o.name + "/" + cred.Scope() + "/" + o.id,
				UserAgent: "jc-mcp/" + buildVersion(), Fenced: true, Observe: c.watch.Upstream(o.name, login.name),
				Transport: auth.Pinned(cred, transport, o.hosts.Console, o.hosts.Insights),
			}
			if dir != nil && o.sandbox == nil { // each sandbox is its own
				cfg.Limiter = dir.Limiter(o.paced(login), c.sharing.rate)
			}
			if l.client, err = jc.New(cfg); err != nil {
				return nil, fmt.Errorf("client: %w", err)
			}
		}
		links = append(links, l)
	}
	return links, nil
}

// at is where the organisation is, in a word that no other has.
func (o *organization) at() string {
	if o.sandbox != nil {
		return fmt.Sprintf("sandbox %d %d", o.sandbox.Users, o.sandbox.Seed)
	}
	return strings.Join([]string{o.hosts.Console.String(), o.hosts.Insights.String(), o.hosts.OAuth.String(), o.id}, " ")
}

// same reports whether two links lead to the same organisation by the same login.
func (l link) same(other link) bool {
	if l.name != other.name || l.credential != other.credential || l.at() != other.at() {
		return false
	}
	return l.sandbox != nil || l.login.Same(other.login)
}

// paced names what is sent at one pace. It is the same in every process: the scope of a
// credential, which caches are keyed by, is not.
func (o *organization) paced(login credential) string {
	return strings.Join([]string{o.name, o.hosts.Console.Host, o.id, login.name, login.Lasting()}, "/")
}

// connectAll makes the clients of every organisation that is served.
func (c *config) connectAll(dir *state.Dir, have []link) (links []link, err error) {
	for i := range c.organizations {
		more, err := c.connect(&c.organizations[i], dir, have)
		if err != nil {
			return nil, err
		}
		links = append(links, more...)
	}
	return links, nil
}

func closeLinks(links []link) {
	for _, l := range links {
		if l.client != nil {
			l.client.Close()
		}
	}
}

// prefix names the organisation before a message, where it has a name.
func (o *organization) prefix() string {
	if o.name == "" {
		return ""
	}
	return "organisation " + o.name + ": "
}

package test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/compose-spec/compose-go/v2/cli"
	"github.com/compose-spec/compose-go/v2/types"
)

// compose loads the file as docker compose does: checked against the specification,
// variables filled in.
func compose(t *testing.T, env ...string) (*types.Project, error) {
	t.Helper()
	o, err := cli.NewProjectOptions([]string{"../../compose.yaml"}, cli.WithEnv(env))
	if err != nil {
		t.Fatal(err)
	}
	return o.LoadProject(context.Background())
}

func composeEnvironment(t *testing.T) []string {
	t.Helper()
	p, err := compose(t, "JC_HOSTS=mcp.example.com")
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for name := range p.Services["jc-mcp"].Environment {
		names = append(names, name)
	}
	return names
}

func TestComposeIsClosed(t *testing.T) {
	p, err := compose(t, "JC_HOSTS=mcp.example.com")
	if err != nil {
		t.Fatal(err)
	}
	if len(p.Services) != 2 {
		t.Fatalf("%d services, want 2", len(p.Services))
	}
	for name, s := range p.Services {
		if !s.ReadOnly {
			t.Errorf("%s: the root can be written", name)
		}
		if !slices.Equal(s.CapDrop, []string{"ALL"}) || len(s.CapAdd) > 0 || s.Privileged {
			t.Errorf("%s: capabilities -%v +%v", name, s.CapDrop, s.CapAdd)
		}
		if !slices.Contains(s.SecurityOpt, "no-new-privileges:true") {
			t.Errorf("%s: may gain privileges", name)
		}
		if s.HealthCheck == nil || len(s.HealthCheck.Test) < 2 {
			t.Errorf("%s: no health check", name)
		}
		if s.MemLimit == 0 || s.PidsLimit == 0 {
			t.Errorf("%s: no limits", name)
		}
		for _, port := range s.Ports {
			if port.HostIP != "127.0.0.1" {
				t.Errorf("%s: port %s is open to %q", name, port.Published, port.HostIP)
			}
		}
		for _, secret := range s.Secrets {
			if p.Secrets[secret.Source].File == "" {
				t.Errorf("%s: secret %s is no file", name, secret.Source)
			}
		}
		for variable, value := range s.Environment {
			if path, isSecret := strings.CutPrefix(*value, "/run/secrets/"); isSecret && !slices.ContainsFunc(s.Secrets, func(c types.ServiceSecretConfig) bool { return c.Source == path }) {
				t.Errorf("%s: %s names a secret that it has not", name, variable)
			}
		}
	}
	if len(p.Services["valkey"].Ports) > 0 || !p.Networks["store"].Internal {
		t.Error("the store can be reached from outside")
	}
	gateway := p.Networks["front"].Ipam.Config[0].Gateway
	if got := *p.Services["jc-mcp"].Environment["JC_BEHIND_PROXY"]; got != gateway {
		t.Errorf("JC_BEHIND_PROXY=%s, want the network's gateway %s", got, gateway)
	}
}

// TestComposeNeedsHosts: without the names that clients use, nothing starts.
func TestComposeNeedsHosts(t *testing.T) {
	if _, err := compose(t); err == nil || !strings.Contains(err.Error(), "JC_HOSTS") {
		t.Errorf("loaded without JC_HOSTS: %v", err)
	}
}

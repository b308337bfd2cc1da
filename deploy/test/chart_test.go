package test

import (
	"context"
	"fmt"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/yaml"
)

func TestEnvironment(t *testing.T) {
	for values, want := range map[string]map[string]string{
		"small": {
			"JC_OPS_ADDR": ":9090", "JC_DRAIN": "5s", "JC_GRANTS": "/etc/jc-mcp/grants/grants.yaml", "JC_HOSTS": "mcp.example.com",
			"JC_BEHIND_PROXY": "10.42.0.0/16", "JC_REGION": "us", "JC_API_KEY_FILE": "/run/secrets/jumpcloud/api-key", "GOMEMLIMIT": "214748364",
		},
		"full": {
			"JC_OPS_ADDR": ":9090", "JC_DRAIN": "5s", "JC_GRANTS": "/etc/jc-mcp/grants/grants.yaml", "JC_HOSTS": "mcp.example.com,mcp.example.com:8443",
			"JC_ORIGINS": "https://console.example.com", "JC_BEHIND_PROXY": "10.42.0.0/16,fd00::/8",
			"JC_TLS_CERT": "/run/secrets/tls/tls.crt", "JC_TLS_KEY": "/run/secrets/tls/tls.key", "JC_TLS_CLIENT_CA": "/run/secrets/client-ca/ca.crt",
			"JC_OAUTH_ISSUER": "https://login.example.com", "JC_OAUTH_AUDIENCE": "https://mcp.example.com/mcp",
			"JC_PROXY": "http://proxy.example.com:3128", "JC_REGION": "eu", "JC_ORG_ID": "5f0e0c0c0c0c0c0c0c0c0c0c",
			"JC_CLIENT_ID_FILE": "/run/secrets/jumpcloud/client-id", "JC_CLIENT_SECRET_FILE": "/run/secrets/jumpcloud/client-secret",
			"JC_CLIENT_SECRET_2_FILE": "/run/secrets/jumpcloud/client-secret-2",
			"JC_STORE":                "rediss://valkey.data.svc:6380", "JC_STORE_PASSWORD_FILE": "/run/secrets/store/store-password",
			"JC_SEAL_KEY_FILE": "/run/secrets/store/seal-key", "JC_SEAL_KEY_2_FILE": "/run/secrets/store/seal-key-2",
			"POD_NAME": "", "JC_AUDIT_LOG": "/audit/$(POD_NAME).jsonl",
			"JC_SURFACE": "full", "JC_READ_ONLY": "true", "JC_LOG_LEVEL": "warn", "GOMEMLIMIT": "214748364",
		},
		"orgs": {
			"JC_OPS_ADDR": ":9090", "JC_DRAIN": "5s", "JC_GRANTS": "/etc/jc-mcp/grants/grants.yaml", "JC_HOSTS": "mcp.example.com",
			"JC_TLS_CERT": "/run/secrets/tls/tls.crt", "JC_TLS_KEY": "/run/secrets/tls/tls.key", "JC_ORGS": "/etc/jc-mcp/orgs/orgs.yaml",
			"JC_STORE": "redis://valkey:6379", "JC_STORE_PASSWORD_FILE": "/run/secrets/store/store-password", "JC_SEAL_KEY_FILE": "/run/secrets/store/seal-key",
			"GOMEMLIMIT": "214748364",
		},
		"sandbox": {
			"JC_OPS_ADDR": ":9090", "JC_DRAIN": "5s", "JC_GRANTS": "/etc/jc-mcp/grants/grants.yaml", "JC_HOSTS": "jc-mcp",
			"JC_BEHIND_PROXY": "127.0.0.1", "JC_SANDBOX": "true", "GOMEMLIMIT": "214748364",
		},
	} {
		t.Run(values, func(t *testing.T) {
			if diff := cmp.Diff(want, environment(t, render(t, values))); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
		})
	}
}

// TestFilesAreMounted: each path in the environment lies in a mount, and each mount has
// a volume; what the chart names of its own is made by it.
func TestFilesAreMounted(t *testing.T) {
	for _, values := range allValues(t) {
		t.Run(values, func(t *testing.T) {
			objects := render(t, values)
			made := map[string]bool{}
			for _, o := range objects {
				made[o.kind()+" "+o.name()] = true
			}
			volumes := map[string]any{}
			for _, v := range list(one(t, objects, "Deployment"), "spec", "template", "spec", "volumes") {
				volumes[text(v, "name")] = v
				for kind, name := range map[string]string{"Secret": text(v, "secret", "secretName"), "ConfigMap": text(v, "configMap", "name")} {
					if strings.HasPrefix(name, "mcp-jc-mcp") && !made[kind+" "+name] {
						t.Errorf("%s %s is mounted and not made", kind, name)
					}
				}
				if v, isSecret := v.(map[string]any)["secret"]; isSecret && fmt.Sprint(at(v, "defaultMode")) != "288" {
					t.Errorf("secret with the mode %v, want 0440 = 288", at(v, "defaultMode"))
				}
			}
			var folders []string
			for _, m := range list(container(t, objects), "volumeMounts") {
				folders = append(folders, text(m, "mountPath")+"/")
				name := text(m, "name")
				if volumes[name] == nil {
					t.Errorf("mount %s has no volume", name)
				}
				delete(volumes, name)
				if writable := name == "state" || name == "audit"; (at(m, "readOnly") == true) == writable {
					t.Errorf("mount %s: readOnly %v", name, at(m, "readOnly"))
				}
			}
			if len(volumes) > 0 {
				t.Errorf("volumes that nothing mounts: %v", volumes)
			}
			for name, value := range environment(t, objects) {
				if strings.HasPrefix(value, "/") && !slices.ContainsFunc(folders, func(f string) bool { return strings.HasPrefix(value, f) }) {
					t.Errorf("%s=%s lies in no mount of %v", name, value, folders)
				}
			}
		})
	}
}

// TestSecretsStayInSecrets: what was given as a secret is in no other object.
func TestSecretsStayInSecrets(t *testing.T) {
	secrets := 0
	for _, o := range render(t, "full") {
		doc, err := yaml.Marshal(o)
		if err != nil {
			t.Fatal(err)
		}
		found := strings.Count(string(doc), "canary")
		if o.kind() == "Secret" {
			secrets += found
		} else if found > 0 {
			t.Errorf("%s %s holds a secret", o.kind(), o.name())
		}
	}
	if secrets != 5 {
		t.Errorf("%d secrets in Secrets, want 5", secrets)
	}
}

// TestSelectors: services, budget, policy and monitor find the pod, by its labels.
func TestSelectors(t *testing.T) {
	objects := render(t, "full")
	deployment := one(t, objects, "Deployment")
	pod := at(deployment, "spec", "template", "metadata", "labels")
	ports := map[string]bool{}
	for _, p := range list(container(t, objects), "ports") {
		ports[text(p, "name")] = true
	}
	finds := func(what string, selector any, labels any) bool {
		m, _ := selector.(map[string]any)
		if len(m) == 0 {
			t.Errorf("%s selects everything", what)
		}
		for k, v := range m {
			if at(labels, k) != v {
				return false
			}
		}
		return true
	}
	monitored := 0
	for _, o := range objects {
		var selector any
		switch o.kind() {
		case "Service":
			selector = at(o, "spec", "selector")
			for _, p := range list(o, "spec", "ports") {
				if !ports[text(p, "targetPort")] {
					t.Errorf("service %s leads to the port %q", o.name(), text(p, "targetPort"))
				}
			}
			if monitor := one(t, objects, "ServiceMonitor"); finds("monitor", at(monitor, "spec", "selector", "matchLabels"), at(o, "metadata", "labels")) {
				monitored++
				if list(o, "spec", "ports")[0].(map[string]any)["name"] != text(list(monitor, "spec", "endpoints")[0], "port") {
					t.Error("the monitor asks for a port that the service has not")
				}
			}
		case "PodDisruptionBudget", "Deployment":
			selector = at(o, "spec", "selector", "matchLabels")
		case "NetworkPolicy":
			selector = at(o, "spec", "podSelector", "matchLabels")
		case "HorizontalPodAutoscaler":
			if text(o, "spec", "scaleTargetRef", "name") != deployment.name() {
				t.Error("the autoscaler scales something else")
			}
			continue
		default:
			continue
		}
		if !finds(o.kind(), selector, pod) {
			t.Errorf("%s %s does not find the pod: %v", o.kind(), o.name(), selector)
		}
	}
	if monitored != 1 {
		t.Errorf("the monitor finds %d services, want 1", monitored)
	}
	if at(deployment, "spec", "replicas") != nil {
		t.Error("replicas are fixed beside an autoscaler")
	}
}

// TestNetworkPolicy: nobody comes in who is not named, and out goes what is named.
func TestNetworkPolicy(t *testing.T) {
	closed := one(t, render(t, "small"), "NetworkPolicy")
	if in := at(closed, "spec", "ingress"); in == nil || len(in.([]any)) != 0 {
		t.Errorf("ingress %v, want none", in)
	}
	var out []string
	for _, rule := range list(one(t, render(t, "full"), "NetworkPolicy"), "spec", "egress") {
		if len(list(rule, "to")) == 0 {
			t.Errorf("egress to anywhere: %v", rule)
		}
		for _, p := range list(rule, "ports") {
			out = append(out, fmt.Sprint(at(p, "port")))
		}
	}
	if want := []string{"53", "53", "443", "6380", "3128"}; !slices.Equal(out, want) {
		t.Errorf("egress ports %v, want %v", out, want)
	}
}

// TestMemoryLimit: the runtime is told 80 % of whatever the limit is.
func TestMemoryLimit(t *testing.T) {
	for quantity, want := range map[string]string{"256Mi": "214748364", "1Gi": "858993459", "1.5Gi": "1288490188", "500M": "400000000", "100000k": "80000000"} {
		if got := environment(t, render(t, "small", "--set", "resources.limits.memory="+quantity))["GOMEMLIMIT"]; got != want {
			t.Errorf("%s: %s, want %s", quantity, got, want)
		}
	}
}

var settingName = regexp.MustCompile(`\bJC_[A-Z0-9_]+\b`)

// TestSettingsAreKnown: the server that this repository builds knows each setting that
// chart and compose file use. It would refuse to start with another.
func TestSettingsAreKnown(t *testing.T) {
	server := tool(t, "JC_MCP_BIN", "")
	known := map[string]bool{}
	for _, args := range [][]string{{"--help"}, {"http", "--help"}} { // what has no flag, and what has
		help, err := exec.CommandContext(context.Background(), server, args...).CombinedOutput()
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range settingName.FindAllString(string(help), -1) {
			known[name] = true
		}
	}
	used := map[string]bool{}
	for _, name := range composeEnvironment(t) {
		used[name] = true
	}
	for _, values := range allValues(t) {
		for name := range environment(t, render(t, values)) {
			used[name] = true
		}
	}
	checked := 0
	for name := range used {
		if strings.HasPrefix(name, "JC_") {
			checked++
			if !known[name] && !known[strings.TrimSuffix(name, "_FILE")] {
				t.Errorf("the server knows no setting %s", name)
			}
		}
	}
	if checked < 20 {
		t.Errorf("only %d settings were looked at", checked)
	}
}

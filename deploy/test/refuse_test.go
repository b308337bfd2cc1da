package test

import (
	"path/filepath"
	"strings"
	"testing"
)

// TestChartRefuses sets one thing wrong at a time, over values that are right.
func TestChartRefuses(t *testing.T) {
	for _, tt := range []struct {
		name, values string
		set          []string
		want         string
	}{
		{"no image", "small", []string{"image.repository="}, "image.repository is empty"},
		{"latest", "small", []string{"image.tag=latest"}, "image/tag"},
		{"replicas without a store", "small", []string{"replicas=2"}, "2 replicas without store.url"},
		{"autoscaling without a store", "small", []string{"autoscaling.enabled=true"}, "8 replicas without store.url"},
		{"store without seal key", "small", []string{"store.url=redis://v:6379"}, "store.url without a seal key"},
		{"store without password", "small", []string{"store.url=redis://v:6379", "store.sealKey=canaryAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="}, "store.password: set it"},
		{"short seal key", "full", []string{"store.sealKey=abc"}, "store/sealKey"},
		{"password in the URL", "orgs", []string{"store.url=redis://:pass@v:6379"}, "store.url holds a user or password"},
		{"seal key beside a Secret", "orgs", []string{"store.password=x"}, "keep one"},
		{"no grants", "small", []string{"grants.file="}, "there are no grants"},
		{"two grants", "small", []string{"grants.existingConfigMap=a"}, "keep one"},
		{"no hosts", "small", []string{"hosts=null"}, "hosts is empty"},
		{"host as a URL", "small", []string{"hosts={https://a}"}, "hosts/0"},
		{"clear text", "small", []string{"behindProxy=null"}, "tokens must not travel in clear"},
		{"any proxy", "small", []string{"behindProxy={true}"}, "behindProxy/0"},
		{"client CA without TLS", "small", []string{"tls.clientCASecret=ca"}, "tls.clientCASecret needs"},
		{"issuer without audience", "small", []string{"oauth.issuer=https://i"}, "oauth.issuer and oauth.audience"},
		{"issuer in clear", "full", []string{"oauth.issuer=http://i"}, "oauth/issuer"},
		{"no credential", "small", []string{"jumpcloud.credential.existingSecret="}, "there is no credential"},
		{"key of the other kind", "small", []string{"jumpcloud.credential.existingSecret=", "jumpcloud.credential.apiKey=k", "jumpcloud.credential.clientId=i"}, "keep one kind"},
		{"id without secret", "full", []string{"jumpcloud.credential.clientSecret="}, "there is no credential"},
		{"second secret unsaid", "full", []string{"jumpcloud.credential.secondSecret=false"}, "belong together"},
		{"two credentials", "full", []string{"jumpcloud.credential.existingSecret=a"}, "keep one"},
		{"sandbox with credential", "small", []string{"jumpcloud.sandbox=true"}, "could be meant for the real organisation"},
		{"orgs with credential", "orgs", []string{"jumpcloud.credential.existingSecret=a"}, "orgs and jumpcloud.credential"},
		{"region", "small", []string{"jumpcloud.region=mars"}, "jumpcloud/region"},
		{"state claim with replicas", "full", []string{"state.existingClaim=a"}, "state.existingClaim is for one replica"},
		{"nothing to scale by", "full", []string{"autoscaling.cpuPercent=0", "autoscaling.callsInFlight=0"}, "autoscaling has nothing to go by"},
		{"least over most", "full", []string{"autoscaling.minReplicas=12"}, "is more than autoscaling.maxReplicas"},
		{"budget of all", "full", []string{"podDisruptionBudget.minAvailable=3"}, "no node could be drained"},
		{"killed too soon", "full", []string{"drainSeconds=30"}, "terminationGracePeriodSeconds 90 is too short"},
		{"setting of the chart", "small", []string{"settings.JC_HOSTS=a"}, "this chart sets it by hosts"},
		{"secret as a setting", "small", []string{"settings.JC_API_KEY=a"}, "secrets are mounted as files"},
		{"command as a setting", "small", []string{"settings.JC_API_KEY_CMD=a"}, "secrets are mounted as files"},
		{"no setting", "small", []string{"settings.PATH=a"}, "settings"},
		{"unknown value", "small", []string{"jumpclod.region=eu"}, "jumpclod"},
		{"memory", "small", []string{"resources.limits.memory=lots"}, "resources/limits/memory"},
		{"route to nowhere", "small", []string{"httpRoute.enabled=true"}, "httpRoute.parentRefs is empty"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			args := []string{"template", "mcp", chart, "-f", filepath.Join(chart, "ci", tt.values+".yaml")}
			for _, s := range tt.set {
				args = append(args, "--set", s)
			}
			out, errs, err := helm(t, args...)
			if err == nil {
				t.Fatalf("rendered %d bytes, want a refusal with %q", len(out), tt.want)
			}
			if !strings.Contains(errs, tt.want) {
				t.Fatalf("refused with\n%s\nwant %q", errs, tt.want)
			}
		})
	}
}

// TestChartNeedsValues: the defaults alone are refused, not half installed.
func TestChartNeedsValues(t *testing.T) {
	if _, errs, err := helm(t, "template", "mcp", chart); err == nil || !strings.Contains(errs, "image.repository is empty") {
		t.Fatalf("%v: %s", err, errs)
	}
}

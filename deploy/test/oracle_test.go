package test

import (
	"testing"

	"github.com/prometheus/prometheus/promql/parser"
	appsv1 "k8s.io/api/apps/v1"
	"k8s.io/pod-security-admission/api"
	"k8s.io/pod-security-admission/policy"
	"sigs.k8s.io/yaml"
)

// deployment is the rendered one, decoded strictly into the type of Kubernetes.
func deployment(t *testing.T, objects []object) *appsv1.Deployment {
	t.Helper()
	doc, err := yaml.Marshal(one(t, objects, "Deployment"))
	if err != nil {
		t.Fatal(err)
	}
	d := new(appsv1.Deployment)
	if err := yaml.UnmarshalStrict(doc, d); err != nil {
		t.Fatal(err)
	}
	return d
}

// TestPodSecurityRestricted asks the code that admits pods into a namespace of the
// level restricted.
func TestPodSecurityRestricted(t *testing.T) {
	evaluator, err := policy.NewEvaluator(policy.DefaultChecks(), nil)
	if err != nil {
		t.Fatal(err)
	}
	admitted := func(d *appsv1.Deployment) []policy.CheckResult {
		var refused []policy.CheckResult
		for _, r := range evaluator.EvaluatePod(api.LevelVersion{Level: api.LevelRestricted, Version: api.LatestVersion()}, &d.Spec.Template.ObjectMeta, &d.Spec.Template.Spec) {
			if !r.Allowed {
				refused = append(refused, r)
			}
		}
		return refused
	}
	for _, values := range allValues(t) {
		d := deployment(t, render(t, values))
		for _, r := range admitted(d) {
			t.Errorf("%s: %s: %s", values, r.ForbiddenReason, r.ForbiddenDetail)
		}
		pod, c := d.Spec.Template.Spec, d.Spec.Template.Spec.Containers[0]
		if *pod.AutomountServiceAccountToken || !*c.SecurityContext.ReadOnlyRootFilesystem || *pod.SecurityContext.RunAsUser != 65532 {
			t.Errorf("%s: a token, a root that can be written, or another user", values)
		}
		if c.LivenessProbe == nil || c.ReadinessProbe == nil || c.StartupProbe == nil || len(pod.TopologySpreadConstraints) == 0 || *pod.TerminationGracePeriodSeconds != 90 {
			t.Errorf("%s: probes, spread or grace are missing", values)
		}
		c.SecurityContext.Capabilities = nil // so that this test is seen to be able to fail
		if len(admitted(d)) == 0 {
			t.Errorf("%s: capabilities that are kept were not noticed", values)
		}
	}
}

// TestRollout: nothing is taken away before its successor is ready, but where two must
// not run beside each other.
func TestRollout(t *testing.T) {
	if s := deployment(t, render(t, "orgs")).Spec.Strategy; s.RollingUpdate == nil || s.RollingUpdate.MaxUnavailable.IntValue() != 0 || s.RollingUpdate.MaxSurge.IntValue() != 1 {
		t.Errorf("strategy %v", s)
	}
	if s := deployment(t, render(t, "sandbox")).Spec.Strategy; s.Type != appsv1.RecreateDeploymentStrategyType {
		t.Errorf("strategy %v with a claim for one", s)
	}
}

// TestAlertsParse reads each expression as Prometheus does.
func TestAlertsParse(t *testing.T) {
	rules := 0
	for _, group := range list(one(t, render(t, "full"), "PrometheusRule"), "spec", "groups") {
		for _, rule := range list(group, "rules") {
			rules++
			if _, err := parser.NewParser(parser.Options{}).ParseExpr(text(rule, "expr")); err != nil {
				t.Errorf("%s: %v", text(rule, "alert"), err)
			}
			if text(rule, "annotations", "summary") == "" || text(rule, "labels", "severity") == "" {
				t.Errorf("%s: no summary or severity", text(rule, "alert"))
			}
		}
	}
	if rules < 8 {
		t.Errorf("%d rules, want 8", rules)
	}
}

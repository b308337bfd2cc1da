package test

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"sigs.k8s.io/yaml"
)

const chart = "../helm/jc-mcp"

// tool is the path of a program that a variable names, or that is on the path. Without
// it the test is skipped, in CI it fails.
func tool(t *testing.T, variable, name string) string {
	t.Helper()
	path := os.Getenv(variable)
	if path == "" && name != "" {
		path, _ = exec.LookPath(name)
	}
	if path == "" {
		if os.Getenv("CI_COMPLETE") == "1" {
			t.Fatalf("%s is not set", variable)
		}
		t.Skipf("skipped: %s is not set: run .ci/chart", variable)
	}
	return path
}

// helm runs it, and gives what it printed.
func helm(t *testing.T, args ...string) (stdout, stderr string, err error) {
	t.Helper()
	var out, errs bytes.Buffer
	cmd := exec.CommandContext(context.Background(), tool(t, "JC_HELM", "helm"), args...)
	cmd.Stdout, cmd.Stderr = &out, &errs
	cmd.Env = append(os.Environ(), "HELM_CACHE_HOME="+t.TempDir(), "HELM_CONFIG_HOME="+t.TempDir(), "HELM_DATA_HOME="+t.TempDir())
	err = cmd.Run()
	return out.String(), errs.String(), err
}

// object is a rendered object.
type object map[string]any

func (o object) kind() string { return text(o, "kind") }
func (o object) name() string { return text(o, "metadata", "name") }

// at goes down a path of keys; a missing one gives nil.
func at(v any, path ...string) any {
	for _, key := range path {
		switch m := v.(type) {
		case map[string]any:
			v = m[key]
		case object:
			v = m[key]
		default:
			return nil
		}
	}
	return v
}

func text(v any, path ...string) string {
	s, _ := at(v, path...).(string)
	return s
}

func list(v any, path ...string) []any {
	l, _ := at(v, path...).([]any)
	return l
}

// render renders the chart with values files of ci/, and whatever else helm takes.
func render(t *testing.T, values string, more ...string) []object {
	t.Helper()
	args := append([]string{"template", "mcp", chart, "--namespace", "agents", "-f", filepath.Join(chart, "ci", values+".yaml")}, more...)
	out, errs, err := helm(t, args...)
	if err != nil {
		t.Fatalf("helm template: %s", errs)
	}
	var objects []object
	for _, doc := range bytes.Split([]byte(out), []byte("\n---\n")) {
		var o object
		if err := yaml.UnmarshalStrict(doc, &o); err != nil {
			t.Fatalf("%v in\n%s", err, doc)
		}
		if o != nil {
			objects = append(objects, o)
		}
	}
	return objects
}

// one is the only object of a kind.
func one(t *testing.T, objects []object, kind string) object {
	t.Helper()
	var found []object
	for _, o := range objects {
		if o.kind() == kind {
			found = append(found, o)
		}
	}
	if len(found) != 1 {
		t.Fatalf("%d objects of kind %s, want 1", len(found), kind)
	}
	return found[0]
}

// container is the pod's only container.
func container(t *testing.T, objects []object) map[string]any {
	t.Helper()
	containers := list(one(t, objects, "Deployment"), "spec", "template", "spec", "containers")
	if len(containers) != 1 {
		t.Fatalf("%d containers, want 1", len(containers))
	}
	return containers[0].(map[string]any)
}

// environment is what the container gets, and what a reference stands for as "".
func environment(t *testing.T, objects []object) map[string]string {
	t.Helper()
	env := map[string]string{}
	for _, e := range list(container(t, objects), "env") {
		env[text(e, "name")] = text(e, "value")
	}
	return env
}

// allValues are the values files of ci/.
func allValues(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(chart, "ci", "*.yaml"))
	if err != nil || len(files) < 4 {
		t.Fatalf("values files: %v %v", files, err)
	}
	for i, f := range files {
		files[i] = filepath.Base(f[:len(f)-len(".yaml")])
	}
	return files
}

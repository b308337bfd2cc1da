package auth

import (
	"bytes"
	"context"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

const canary = "jca_CANARY0123456789"

func writeSecret(t *testing.T, text string) string {
	t.Helper()
	p := filepath.Join(t.TempDir(), "key")
	if err := os.WriteFile(p, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return p
}

// prints gives v in every form a log or an answer could take.
func prints(t *testing.T, v any) string {
	t.Helper()
	var b bytes.Buffer
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%t", "%08.3f", "%U", "%c", "%z"} {
		fmt.Fprintf(&b, verb+"\n", v)
	}
	fmt.Fprintln(&b, v, []any{v}, map[string]any{"a": v}, struct{ V any }{v}, &struct{ V any }{v})
	if _, bare := v.(Secret); !bare { // see Secret: fmt cannot ask what is in an unexported field
		fmt.Fprintf(&b, "%v %+v %#v", struct{ v any }{v}, struct{ v any }{v}, &struct{ v any }{v})
	}
	format := "one verb too few"
	fmt.Fprintf(&b, format, v) //nolint:staticcheck // one argument too many is what is tried
	for _, h := range []slog.Handler{slog.NewJSONHandler(&b, nil), slog.NewTextHandler(&b, nil)} {
		slog.New(h).Info("x", "v", v, slog.Group("g", "v", v))
	}
	if j, err := json.Marshal(map[string]any{"v": v, "l": []any{v}, "s": struct{ V any }{v}}); err == nil {
		b.Write(j)
	}
	if x, err := xml.Marshal(v); err == nil {
		b.Write(x)
	}
	fmt.Fprint(&b, fmt.Errorf("wrapped: %v", v), errors.Join(fmt.Errorf("%s", v)))
	return b.String()
}

func refuseCanary(t *testing.T, what, out string) {
	t.Helper()
	for _, form := range []string{canary, fmt.Sprintf("%x", canary), fmt.Sprintf("%X", canary), "CANARY"} {
		if strings.Contains(out, form) {
			t.Errorf("%s shows the secret: %s", what, out)
		}
	}
}

func TestSecretIsNeverPrinted(t *testing.T) {
	synctest.Test(t, secretIsNeverPrinted) // its Wait, before the printing looks into everything
}

func secretIsNeverPrinted(t *testing.T) {
	sa, err := ServiceAccount{ClientID: "jc-account-1", Secrets: []Source{Value(canary)}, TokenURL: "https://example.com",
		Transport: &tokenServer{secrets: map[string]bool{canary: true}, tokenPrefix: canary}}.Credential()
	if err != nil {
		t.Fatal(err)
	}
	key := APIKey(Value(canary))
	for _, c := range []Credential{sa, key} { // so that the value is held and could be printed
		r, _ := http.NewRequestWithContext(t.Context(), "GET", "https://example.com", nil)
		if err := c.Sign(r); err != nil {
			t.Fatal(err)
		}
	}
	pin := Pinned(key, http.DefaultTransport, &url.URL{Scheme: "https", Host: "example.com"})
	command := Command("printf %s " + canary)
	_, _ = command.Get(t.Context())
	synctest.Wait()
	sealer, err := NewSealer([]byte(canary+canary), nil)
	if err != nil {
		t.Fatal(err)
	}
	for name, v := range map[string]any{
		"secret": Secret(canary), "value": Value(canary), "command": command, "API key": key, "service account": sa,
		"description": ServiceAccount{ClientID: "x", Secrets: []Source{Value(canary)}}, "round tripper": pin,
		"sealer": sealer, "tokens": struct{ t *tokens }{sa.(*serviceAccount).tokens}, "scope": key.Scope() + sa.Scope(),
	} {
		refuseCanary(t, name, prints(t, v))
	}
	if out := prints(t, Secret(canary)); !strings.Contains(out, hiddenSecret) {
		t.Errorf("nothing stands for the secret: %s", out)
	}
	if got := Secret(canary).Reveal(); got != canary {
		t.Errorf("Reveal = %q", got)
	}
}

func TestLookup(t *testing.T) {
	path := writeSecret(t, " \ufeff"[1:]+canary+"\r\n")
	for name, c := range map[string]struct {
		env     map[string]string
		found   bool
		want    string
		wantErr []string
	}{
		"none":           {env: map[string]string{"OTHER": "x"}},
		"value":          {env: map[string]string{"K": canary}, found: true, want: canary},
		"file":           {env: map[string]string{"K_FILE": path}, found: true, want: canary},
		"command":        {env: map[string]string{"K_CMD": "echo " + canary}, found: true, want: canary},
		"value and file": {env: map[string]string{"K": canary, "K_FILE": path}, wantErr: []string{"K and K_FILE"}},
		"file and cmd":   {env: map[string]string{"K_FILE": path, "K_CMD": "true"}, wantErr: []string{"K_FILE and K_CMD"}},
		"all three":      {env: map[string]string{"K": canary, "K_FILE": path, "K_CMD": canary}, wantErr: []string{"K and K_FILE and K_CMD"}},
		"blank value":    {env: map[string]string{"K": " \n"}, wantErr: []string{"K is set, but blank"}},
		"blank file":     {env: map[string]string{"K_FILE": " "}, wantErr: []string{"K_FILE is set, but blank"}},
		"two lines":      {env: map[string]string{"K": canary + "\nb"}, wantErr: []string{"K: ", "more than one line"}},
	} {
		t.Run(name, func(t *testing.T) {
			src, found, err := Lookup(func(n string) string { return c.env[n] }, "K")
			if found != c.found || (err != nil) != (c.wantErr != nil) || (src != nil) != c.found {
				t.Fatalf("Lookup = %v, %v, %v", src, found, err)
			}
			for _, w := range c.wantErr {
				if !strings.Contains(err.Error(), w) {
					t.Errorf("error %q does not say %q", err, w)
				}
			}
			if err != nil {
				refuseCanary(t, "error", err.Error())
			}
			if !c.found {
				return
			}
			if got, err := src.Get(t.Context()); err != nil || got.Reveal() != c.want {
				t.Errorf("Get = %q, %v", got.Reveal(), err)
			}
		})
	}
}

func TestFileRefusesWhatIsNoSecret(t *testing.T) {
	for name, c := range map[string]struct{ path, want string }{
		"missing":   {filepath.Join(t.TempDir(), "no"), "no such file"},
		"folder":    {t.TempDir(), "folder"},
		"empty":     {writeSecret(t, ""), "empty"},
		"blank":     {writeSecret(t, "\ufeff \n\t"), "empty"},
		"large":     {writeSecret(t, strings.Repeat("a", maxSecret+1)), "64 KiB"},
		"two lines": {writeSecret(t, canary+"\n"+canary), "more than one line"},
		"UTF-16":    {writeSecret(t, "\xff\xfeC\x00A\x00N\x00"), "plain UTF-8"},
		"NUL":       {writeSecret(t, "CAN\x00ARY"), "plain UTF-8"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := File(c.path).Get(t.Context())
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Fatalf("error %v, want one that says %q", err, c.want)
			}
			refuseCanary(t, "error", err.Error())
			if _, err := Check(t.Context(), File(c.path)); err == nil {
				t.Error("Check found nothing")
			}
		})
	}
	if v, err := File(writeSecret(t, strings.Repeat("a", maxSecret))).Get(t.Context()); err != nil || len(v) != maxSecret {
		t.Errorf("64 KiB: %d bytes, %v", len(v), err)
	}
}

func TestCheckWarnsOfAWorldReadableFile(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("file modes say nothing on Windows")
	}
	path := writeSecret(t, canary)
	for mode, warn := range map[os.FileMode]bool{0o600: false, 0o640: false, 0o644: true, 0o604: true} {
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
		warning, err := Check(t.Context(), File(path))
		if err != nil || (warning != "") != warn {
			t.Errorf("mode %o: warning %q, error %v", mode, warning, err)
		}
		refuseCanary(t, "warning", warning)
	}
	if warning, err := Check(t.Context(), Value(canary)); warning != "" || err != nil {
		t.Errorf("value: %q, %v", warning, err)
	}
}

func TestReload(t *testing.T) {
	path := writeSecret(t, "one")
	src := File(path)
	var got []string
	step := func(write string) {
		if write != "" {
			if err := os.WriteFile(path, []byte(write), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		kept, _ := src.Get(t.Context())
		changed, err := src.Reload(t.Context())
		v, _ := src.Get(t.Context())
		got = append(got, fmt.Sprint(kept.Reveal(), " ", changed, " ", err != nil, " ", v.Reveal()))
	}
	step("")      // nothing new
	step("two\n") // read only by Reload, not by Get
	step("   ")   // an unreadable file leaves the old secret in place
	want := []string{"one false false one", "one true false two", "two false true two"}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	if changed, err := Value("x").Reload(t.Context()); !changed || err != nil {
		t.Errorf("first reading: %v, %v", changed, err)
	}
}

func TestCommand(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("the command lines are for sh")
	}
	for line, want := range map[string]string{
		"echo " + canary + "; echo no >&2": "",
		"exit 3":                           "exit code 3",
		"echo " + canary + " >&2; exit 1":  "exit code 1",
		"true":                             "empty",
		"yes":                              "64 KiB",
		"echo a; echo b":                   "more than one line",
		"no-such-program-CANARY 2>&1":      "exit code 127",
		"read x && echo $x":                "exit code 1", // there is no input to take from an MCP client
	} {
		v, err := Command(line).Get(t.Context())
		if want == "" {
			if err != nil || v.Reveal() != canary {
				t.Errorf("%s: %q, %v", line, v.Reveal(), err)
			}
			continue
		}
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v, want one that says %q", line, err, want)
			continue
		}
		refuseCanary(t, "error", err.Error())
	}
}

func TestCommandIsGivenUp(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("the command lines are for sh")
	}
	best := time.Hour // of several, since the machine may be busy
	for range 5 {
		start := time.Now()
		if _, err := runSecretCommand(t.Context(), "sleep 60; echo x", 20*time.Millisecond); err == nil || !strings.Contains(err.Error(), "longer than 20ms") {
			t.Errorf("limit: %v", err)
		}
		if best = min(best, time.Since(start)); best < 900*time.Millisecond {
			break
		}
	}
	if best >= time.Second { // then it was WaitDelay that ended the wait
		t.Errorf("took %v: what the shell started was not ended", best)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	src := Command("sleep 60")
	if _, err := src.Get(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("caller's deadline: %v", err)
	}
	if _, err := src.Reload(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("caller's deadline: %v", err)
	}
}

func TestAFailureIsNotRepeatedAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		reads := 0
		src := newSource("a test", "", func(context.Context) (Secret, error) {
			if reads++; reads == 1 {
				return "", sourceError("broken")
			}
			return canary, nil
		})
		for range 100 {
			if _, err := src.Get(t.Context()); err == nil {
				t.Fatal("a failed source gave a secret")
			}
			if _, err := src.Reload(t.Context()); err == nil {
				t.Fatal("a failed source reloaded")
			}
		}
		if reads != 1 {
			t.Errorf("read %d times in the same moment", reads)
		}
		time.Sleep(failureMemory) // virtual time of the bubble
		if v, err := src.Get(t.Context()); err != nil || v != canary || reads != 2 {
			t.Errorf("later: %v after %d reads", err, reads)
		}
	})
}

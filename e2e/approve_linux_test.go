package e2e

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// typist is a program on a terminal, and the person who sits at it.
type typist struct {
	t      *testing.T
	person *os.File
	seen   *record
	at     int // how much of seen was waited for
	cmd    *exec.Cmd
	read   chan struct{} // closed when all that was written has been seen
}

// sit starts the product on a terminal of its own.
func sit(t *testing.T, env []string, args ...string) *typist {
	t.Helper()
	person, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Skip("no terminals here: ", err)
	}
	fd := int(person.Fd())
	n, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	if err == nil {
		err = unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0)
	}
	if err != nil {
		t.Skip("no terminals here: ", err)
	}
	terminal, err := os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Skip("no terminals here: ", err)
	}
	k := &typist{t: t, person: person, seen: newRecord(), cmd: exec.CommandContext(t.Context(), binary, args...)}
	k.cmd.Env = append(slices.DeleteFunc(os.Environ(), func(s string) bool { return strings.HasPrefix(s, "JC_") }), env...)
	k.cmd.Stdin, k.cmd.Stdout, k.cmd.Stderr = terminal, terminal, terminal
	if err := k.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	_ = terminal.Close()
	k.read = make(chan struct{})
	go func() { // until nobody has the other end open
		defer close(k.read)
		b := make([]byte, 4096)
		for {
			n, err := person.Read(b)
			_, _ = k.seen.Write(b[:n])
			if err != nil {
				return
			}
		}
	}()
	t.Cleanup(func() {
		<-k.read
		_ = person.Close()
	})
	return k
}

// types waits for a prompt that asks for something unseen, and answers it.
func (k *typist) types(prompt, answer string) {
	k.t.Helper()
	for deadline := time.Now().Add(patience); ; {
		text := k.seen.String()[k.at:]
		state, err := unix.IoctlGetTermios(int(k.person.Fd()), unix.TCGETS)
		if i := strings.Index(text, prompt); i >= 0 && err == nil && state.Lflag&unix.ECHO == 0 {
			k.at += i + len(prompt)
			break
		}
		if time.Now().After(deadline) {
			k.t.Fatalf("no %q in %q", prompt, text)
		}
		select {
		case <-time.After(5 * time.Millisecond):
		case <-k.t.Context().Done():
		}
	}
	if _, err := k.person.WriteString(answer + "\n"); err != nil {
		k.t.Fatal(err)
	}
}

// ends waits for the end, and gives all that stood on the screen.
func (k *typist) ends() (screen string, code int) {
	k.t.Helper()
	_ = k.cmd.Wait()
	<-k.read
	return k.seen.String(), k.cmd.ProcessState.ExitCode()
}

// TestAPersonApproves goes the whole way with the binary alone: a person makes a key
// at a terminal, an agent asks, the person approves at a terminal, the agent repeats
// its call. What the agent may not see it never gets.
func TestAPersonApproves(t *testing.T) {
	t.Parallel()
	const passphrase = "CANARY correct horse battery staple"
	keys := filepath.Join(t.TempDir(), "key.json")
	k := sit(t, nil, "approver", "init", "--name", "it-lead", "--key", keys)
	k.types("A passphrase", passphrase)
	k.types("once more", passphrase)
	screen, code := k.ends()
	public := regexp.MustCompile(`key: "([^"]+)"`).FindStringSubmatch(screen)
	if code != 0 || public == nil || strings.Contains(screen, passphrase) {
		t.Fatalf("approver init: %d %q", code, screen)
	}
	d := governed(t, "", public[1])
	w := startWire(t, append(d.env, "JC_LOG_LEVEL=debug"), "--surface", "full")
	request := regexp.MustCompile("jc-mcp approve ([0-9A-Z-]+)`")
	waits := func(tool string, arguments map[string]any) string {
		t.Helper()
		text := d.ask(w, tool, arguments)
		m := request.FindStringSubmatch(text)
		if m == nil || !strings.HasPrefix(text, "needs_approval") {
			t.Fatalf("%s asks nobody: %s", tool, text)
		}
		return m[1]
	}
	wrong := []string{"CANARY wrong passphrase"} // typed once
	approve := func(code string, more ...string) string {
		t.Helper()
		k := sit(t, []string{"JC_STATE_DIR=" + d.state}, append([]string{"approve", code, "--key", keys}, more...)...)
		if len(wrong) > 0 {
			k.types("Passphrase", wrong[0])
			wrong = wrong[1:]
		}
		k.types("Passphrase", passphrase)
		screen, exit := k.ends()
		if exit != 0 || strings.Contains(screen, passphrase) {
			t.Fatalf("approve: %d %q", exit, screen)
		}
		return screen
	}

	ben, maria := map[string]any{"user": "ben.kurz"}, map[string]any{"user": "maria.silva"}
	asked := waits("users_reset_mfa", ben)
	// Not from a pipe: an agent that runs programs has one, and no terminal.
	piped := exec.CommandContext(t.Context(), binary, "approve", asked, "--key", keys, "--state-dir", d.state)
	piped.Stdin = strings.NewReader(passphrase + "\n")
	if out, err := piped.CombinedOutput(); err == nil || !strings.Contains(string(out), "at a terminal") {
		t.Errorf("approved from a pipe: %v %s", err, out)
	}
	if again := waits("users_reset_mfa", ben); again != asked || len(d.up.sent()) != 0 {
		t.Errorf("asked %s, then %s; sent %v", asked, again, d.up.sent())
	}
	if screen := approve(asked); !strings.Contains(screen, "ben.kurz") || !strings.Contains(screen, "Approved by it-lead") {
		t.Errorf("the person read %q", screen)
	}
	waits("users_reset_mfa", maria)
	if text := d.ask(w, "users_reset_mfa", ben); !isDone(text) || len(d.up.sent()) != 1 {
		t.Errorf("approved, and answered %s; sent %v", text, d.up.sent())
	}

	// A secret goes to the person's terminal.
	disk := map[string]any{"device": "MBP-031"}
	asked = waits("devices_fde_key_get", disk)
	approve(asked)
	text := d.ask(w, "devices_fde_key_get", disk)
	if !strings.Contains(text, "sent to it-lead") {
		t.Errorf("approved, and answered %s", text)
	}
	if again := waits("devices_fde_key_get", disk); again == asked { // a yes is good for one call
		t.Errorf("request %s is used up, and asked again", again)
	}
	if out, _ := d.run("approvals"); !strings.Contains(out, asked) || !strings.Contains(out, "a secret waits") {
		t.Errorf("approvals: %s", out)
	}
	secret := sandboxSecret.FindString(approve(asked, "--show"))
	if secret == "" || !slices.Contains(d.up.answered(), secret) {
		t.Errorf("the person was shown %q, JumpCloud answered %q", secret, d.up.answered())
	}
	w.stop()
	d.clean(w.process, map[string]string{"a passphrase": "CANARY", "the recovery key": "sbx-secret-"})
	if audit, err := os.ReadFile(d.audit); err != nil || !bytes.Contains(audit, []byte(`"approver":"it-lead"`)) {
		t.Errorf("who approved is not written down: %v\n%s", err, audit)
	}
	if out, code := d.run("audit", "verify", d.audit); code != 0 || !strings.Contains(out, "ok: nothing was changed") {
		t.Errorf("audit verify: %d %s", code, out)
	}
}

package main

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
	"golang.org/x/term"
)

// terminalPair is a terminal, and the end where a person sits.
func terminalPair(t *testing.T) (person, terminal *os.File) {
	t.Helper()
	person, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Skip("no terminals here: ", err)
	}
	t.Cleanup(func() { _ = person.Close() })
	if err := unix.IoctlSetPointerInt(int(person.Fd()), unix.TIOCSPTLCK, 0); err != nil {
		t.Skip("no terminals here: ", err)
	}
	n, err := unix.IoctlGetInt(int(person.Fd()), unix.TIOCGPTN)
	if err != nil {
		t.Skip("no terminals here: ", err)
	}
	terminal, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Skip("no terminals here: ", err)
	}
	t.Cleanup(func() { _ = terminal.Close() })
	return person, terminal
}

func TestPassphraseIsTypedUnseen(t *testing.T) {
	person, terminal := terminalPair(t)
	s := testShell(nil, terminal, terminal, terminal)
	done := make(chan string, 1)
	go func() {
		pass, err := s.typedSecret(t.Context(), "Passphrase: ")
		done <- fmt.Sprintf("%s %v", pass, err)
	}()
	var seen strings.Builder
	read := func(until string) {
		b := make([]byte, 256)
		for !strings.Contains(seen.String(), until) {
			n, err := person.Read(b)
			if err != nil {
				t.Fatal(err)
			}
			seen.Write(b[:n])
		}
	}
	read("Passphrase: ")
	// The echo is off once the terminal has been told so.
	for {
		state, err := unix.IoctlGetTermios(int(terminal.Fd()), unix.TCGETS)
		if err != nil {
			t.Fatal(err)
		}
		if state.Lflag&unix.ECHO == 0 {
			break
		}
	}
	if _, err := person.WriteString(testPassphrase + "\n"); err != nil {
		t.Fatal(err)
	}
	if got := <-done; got != testPassphrase+" <nil>" {
		t.Error(got)
	}
	read("\r\n")
	if strings.Contains(seen.String(), testPassphrase) {
		t.Errorf("the passphrase was shown: %q", seen.String())
	}
	state, err := unix.IoctlGetTermios(int(terminal.Fd()), unix.TCGETS)
	if err != nil || state.Lflag&unix.ECHO == 0 || !term.IsTerminal(int(terminal.Fd())) {
		t.Error("the terminal is left without echo")
	}
}

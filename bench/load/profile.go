package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// profiled is put into the build of a server that is profiled, and is no part of the
// product: it writes a profile of the processor's time, and of memory, when asked.
const profiled = `package main

import (
	"os"
	"runtime"
	"runtime/pprof"
	"time"
)

func init() {
	file := os.Getenv("LOAD_PROFILE")
	if file == "" {
		return
	}
	runtime.SetBlockProfileRate(100_000)
	cpu, err := os.Create(file + ".cpu")
	if err != nil {
		panic(err)
	}
	if err := pprof.StartCPUProfile(cpu); err != nil {
		panic(err)
	}
	go func() {
		for {
			time.Sleep(50 * time.Millisecond)
			if _, err := os.Stat(file + ".stop"); err == nil {
				break
			}
		}
		pprof.StopCPUProfile()
		_ = cpu.Close()
		allocs, err := os.Create(file + ".allocs")
		if err != nil {
			panic(err)
		}
		_ = pprof.Lookup("allocs").WriteTo(allocs, 0)
		_ = allocs.Close()
		block, err := os.Create(file + ".block")
		if err != nil {
			panic(err)
		}
		_ = pprof.Lookup("block").WriteTo(block, 0)
		_ = block.Close()
		_ = os.Remove(file + ".stop")
	}()
}
`

// profileEnd has the server write its profiles.
func (r *rig) profileEnd() error {
	if r.profile == "" {
		return nil
	}
	file := r.profile + "server.stop"
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		return err
	}
	for range 100 {
		if _, err := os.Stat(file); errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		time.Sleep(100 * time.Millisecond)
	}
	return errors.New("the server wrote no profiles")
}

// overlay makes what the compiler is told of the file above.
func (r *rig) overlay(ctx context.Context) (string, error) {
	root, err := exec.CommandContext(ctx, "go", "list", "-f", "{{.Dir}}", product).Output()
	if err != nil {
		return "", fmt.Errorf("where the product is: %w", err)
	}
	file, list := filepath.Join(r.dir, "profiled.go"), filepath.Join(r.dir, "overlay.json")
	raw, err := json.Marshal(map[string]any{"Replace": map[string]string{filepath.Join(strings.TrimSpace(string(root)), "zz_profiled.go"): file}})
	if err != nil {
		return "", err
	}
	if err := os.WriteFile(file, []byte(profiled), 0o600); err != nil {
		return "", err
	}
	return list, os.WriteFile(list, raw, 0o600)
}

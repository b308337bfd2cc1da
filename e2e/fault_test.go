package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/jc-mcp/jc-mcp/auth"
	jc "github.com/jc-mcp/jc-mcp/jumpcloud"
	"github.com/jc-mcp/jc-mcp/tools"
)

// TestFaults makes 10,000 mixed calls, in virtual time, against an upstream that
// fails in every way, and joins what the answers say with what was really done.
func TestFaults(t *testing.T) {
	n := 10_000
	if raced {
		n = 2_000
	}
	start := time.Now()
	synctest.Test(t, func(t *testing.T) {
		u := newUpstream(20261122)
		u.faults = allFaults()
		hosts, err := jc.RegionHosts("us")
		if err != nil {
			t.Fatal(err)
		}
		storm(t, u, deeds(u, n), workplace{
			client: jc.Config{Hosts: hosts, Transport: memory{u}}, workers: 24, agents: 3, patience: 35 * time.Second,
		})
	})
	t.Logf("took %v", time.Since(start).Round(time.Millisecond))
}

// TestFaultsOverTCP is the same over real connections: fewer calls, since the
// waits are real, and none of the faults whose waits are long.
func TestFaultsOverTCP(t *testing.T) {
	t.Parallel()
	u := newUpstream(7)
	for _, f := range allFaults() {
		if !strings.Contains(f.name, "Retry-After") && f.name != "refused" {
			u.faults = append(u.faults, f)
		}
	}
	stop := make(chan struct{})
	up := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithCancel(r.Context())
		defer cancel()
		go func() {
			select {
			case <-stop:
				cancel()
			case <-ctx.Done():
			}
		}()
		u.ServeHTTP(w, r.WithContext(ctx))
	}))
	defer up.Close()
	defer close(stop)
	base, err := url.Parse(up.URL)
	if err != nil {
		t.Fatal(err)
	}
	tr, err := jc.NewTransport(jc.TransportOptions{})
	if err != nil {
		t.Fatal(err)
	}
	tr.ResponseHeaderTimeout = time.Second
	storm(t, u, deeds(u, 400), workplace{
		client:  jc.Config{Hosts: jc.Hosts{Console: base, Insights: base}, Transport: tr, Concurrent: 64, PerAgent: 64},
		workers: 64, agents: 1, patience: time.Second,
	})
}

// workplace is where calls are made from.
type workplace struct {
	client          jc.Config
	workers, agents int
	patience        time.Duration // of an agent that is told to wait
}

// storm makes the calls and judges their answers.
func storm(t *testing.T, u *upstream, all []*deed, w workplace) {
	cfg := w.client
	cfg.Transport = auth.Pinned(auth.APIKey(auth.Value("key")), cfg.Transport, cfg.Hosts.Console, cfg.Hosts.Insights)
	cfg.Scope, cfg.Fenced = "e2e", true
	client, err := jc.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	sealer, err := auth.NewSealer(nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	desk, err := tools.New(tools.Options{
		Tools: tools.All(), Selection: tools.Selection{Surface: tools.FullSurface}, Client: client,
		Grants: auth.AllowAll{Confirm: auth.ConfirmNever}, Audit: auth.NewAudit(io.Discard), Sealer: sealer, Region: "us",
	})
	if err != nil {
		t.Fatal(err)
	}
	_ = desk.Instructions(auth.With(t.Context(), auth.Principal{Agent: "e2e", Name: "stdio"})) // reads the organisation's name
	start, next := time.Now(), make(chan int)
	u.faulty = true
	var wg sync.WaitGroup
	for i := range w.workers {
		ctx := auth.With(t.Context(), auth.Principal{Agent: fmt.Sprint("agent-", i%w.agents), Name: "stdio"})
		wg.Go(func() {
			for n := range next {
				all[n].make(ctx, u, desk, n, w.patience)
			}
		})
	}
	for n := range all {
		next <- n
	}
	close(next)
	wg.Wait()
	took := time.Since(start)
	u.late.Wait()
	u.mu.Lock()
	defer u.mu.Unlock()
	judge(t, u, all, took)
}

// make makes the call as an agent would: it trusts "nothing was changed", and
// then repeats the call, twice at most.
func (k *deed) make(ctx context.Context, u *upstream, desk *tools.Desk, n int, patience time.Duration) {
	args, err := json.Marshal(k.args)
	if err != nil {
		panic(err)
	}
	for ; ; k.repeats++ {
		call, cancel := ctx, func() {}
		if n%41 == 0 && k.repeats == 0 { // its caller leaves, at any moment
			call, cancel = context.WithTimeout(ctx, time.Duration(n%97)*2*time.Millisecond)
		}
		_, before := u.count(k.effects)
		a := desk.Call(call, tools.Call{Tool: k.tool, Arguments: args})
		cancel()
		k.text, k.isError, k.code = strings.Join(a.Text, "\n"), a.IsError, a.Code
		var sent []int
		k.done, sent = u.count(k.effects)
		for i, e := range k.effects {
			if k.refused == "" && k.claims()[e] == "nothing" && sent[i] > before[i] {
				k.unfounded = append(k.unfounded, k.text)
			}
		}
		k.miscounted = u.miscounted(k)
		if k.code == "rate_limited" {
			wait(ctx, patience)
		}
		if !k.again() || k.repeats == 2 {
			return
		}
	}
}

// again says that a careful agent would repeat the call: it failed, and no part
// of it may have been done without being seen.
func (k *deed) again() bool {
	if !k.isError || k.refused != "" {
		return false
	}
	for _, said := range k.claims() {
		if said == "unknown" || said == "accepted" {
			return false
		}
	}
	return true
}

func wait(ctx context.Context, d time.Duration) {
	select {
	case <-time.After(d):
	case <-ctx.Done():
	}
}

// count is how often each effect has been done by now, and how often it was asked
// for with an end that does not tell.
func (u *upstream) count(effects []string) (done, maybe []int) {
	u.mu.Lock()
	defer u.mu.Unlock()
	for _, e := range effects {
		done, maybe = append(done, u.done[e]), append(maybe, u.maybe[e])
	}
	return done, maybe
}

var memberCount = regexp.MustCompile(`now has (\d+) members`)

// miscounted compares the number of members in an answer with the group, unless
// something is still going to happen to it.
func (u *upstream) miscounted(k *deed) string {
	said := memberCount.FindStringSubmatch(k.text)
	if said == nil || k.repeats > 0 {
		return ""
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	for _, e := range k.effects {
		if u.promised[e] || u.done[e] < u.maybe[e] {
			return ""
		}
	}
	if n := strconv.Itoa(len(u.members[idOf(k.args["group"].(string))])); n != said[1] {
		return "it has " + n
	}
	return ""
}

// findings are the lies that must not be, and the outcomes that there were.
type findings struct {
	wrongReads, duplicated, restartedTwice, falseDone, falseAccepted, falseNothing, falseNoEffect int
	outcomes                                                                                      map[string]map[string]int // tool -> outcome -> calls
}

func judge(t *testing.T, u *upstream, all []*deed, took time.Duration) {
	f := &findings{outcomes: map[string]map[string]int{}}
	for _, k := range all {
		f.judge(t, u, k)
	}
	injected := 0
	for _, n := range u.injected {
		injected += n
	}
	t.Logf("%d calls, %d requests, %d faults, in %v of the upstream's time", len(all), u.requests, injected, took.Round(time.Millisecond))
	t.Logf("wrong reads %d, duplicated creates %d, restarts sent twice %d, false done %d, false accepted %d, false \"no effect\" %d, false \"nothing was changed\" %d",
		f.wrongReads, f.duplicated, f.restartedTwice, f.falseDone, f.falseAccepted, f.falseNoEffect, f.falseNothing)
	good, sum := 0, 0
	for _, tool := range slices.Sorted(maps.Keys(f.outcomes)) {
		line := ""
		for _, o := range slices.Sorted(maps.Keys(f.outcomes[tool])) {
			n := f.outcomes[tool][o]
			line += fmt.Sprintf("; %s %d", o, n)
			if sum += n; !strings.HasPrefix(o, "error") && o != "unknown" && o != "nothing" {
				good += n
			}
		}
		t.Logf("%-27s%s", tool, line)
	}
	var faults []string
	for _, x := range u.faults {
		faults = append(faults, fmt.Sprintf("%s %d", x.name, u.injected[x.name]))
		if u.injected[x.name] == 0 && len(all) > 1000 {
			t.Errorf("the fault %s never happened", x.name)
		}
	}
	t.Logf("faults: %s", strings.Join(faults, "; "))
	if len(u.unknown) > 0 {
		t.Errorf("the upstream was sent what it should not have been: %v", slices.Compact(slices.Sorted(slices.Values(u.unknown))))
	}
	if good < sum*85/100 { // being right by failing always is no art
		t.Errorf("only %d of %d came to an end", good, sum)
	}
}

// judge joins one answer with the ledger.
func (f *findings) judge(t *testing.T, u *upstream, k *deed) {
	lie := func(n *int, what string) {
		if *n++; *n <= 5 {
			t.Errorf("%s: %s %v: the ledger had %v, repeats %d\n%s", what, k.tool, k.args, k.done, k.repeats, k.text)
		}
	}
	note := func(outcome string) {
		if f.outcomes[k.tool] == nil {
			f.outcomes[k.tool] = map[string]int{}
		}
		f.outcomes[k.tool][outcome]++
	}
	if k.refused != "" {
		switch {
		case k.isError && k.code == k.refused:
			note("rightly refused")
		case k.isError && k.code != "not_found" && k.code != "conflict":
			note("error " + k.code)
		default:
			lie(&f.wrongReads, "not refused")
		}
		return
	}
	if k.isError && (k.code == "not_found" || k.code == "conflict" || k.code == "ambiguous" || k.code == "invalid_argument" || k.code == "internal") {
		lie(&f.wrongReads, "what is there was not seen")
	}
	if len(k.effects) == 0 {
		if k.isError {
			note("error " + k.code)
			return
		}
		note("read")
		if why := k.wrong(k.text); why != "" {
			lie(&f.wrongReads, "wrong read: "+why)
		}
		return
	}
	for _, text := range k.unfounded {
		k.text = text
		lie(&f.falseNothing, "nothing was changed, it says, and could not know")
	}
	if k.miscounted != "" {
		lie(&f.wrongReads, "the number of members: "+k.miscounted)
	}
	said := k.claims()
	for i, e := range k.effects {
		done, late := u.done[e], u.promised[e]
		switch said[e] {
		case "done":
			if k.done[i] == 0 {
				lie(&f.falseDone, "false done")
			}
		case "accepted":
			if done == 0 && !late {
				lie(&f.falseAccepted, "false accepted")
			}
		case "no effect":
			if !k.already && done == 0 {
				lie(&f.falseNoEffect, "false no effect")
			}
		case "nothing", "unknown":
		default:
			lie(&f.falseDone, fmt.Sprintf("an answer that says nothing of %s (%q)", e, said[e]))
		}
		note(said[e])
		if strings.HasPrefix(e, "create ") && done > 1 {
			lie(&f.duplicated, "created twice")
		}
		if strings.HasPrefix(e, "restart ") && (done > 1 || u.maybe[e] > 1) {
			lie(&f.restartedTwice, "restarted twice")
		}
	}
}

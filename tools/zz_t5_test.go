package tools
import ("testing";"regexp")
func TestZT5(t *testing.T) {
	re := regexp.MustCompile(`^(google_workspace|office365|active_directory|workday|ldap_servers_samba|radius_servers|duo|custom_emails|applications_(imp|logo|det)|logos|ip_lists_rep)`)
	for _, x := range All() {
		if !re.MatchString(x.Name) { continue }
		b := newBench(t, sandboxOptions, withRoom(t, x))
		args := sampleArgs(b, x, true)
		text, _ := b.call(x.Name, args)
		if len(text) > 420 { text = text[:420] }
		if len(args) > 260 { args = args[:260] }
		t.Logf("%s [%s]\n  %s\n  %s\n", x.Name, x.Risk, args, text)
	}
}

package sandbox

import (
	"testing"
	"testing/synctest"
	"time"
)

func (g *rig) actions() string {
	s := ""
	for _, a := range g.org.Rows("device_actions") {
		s += a["command"].(string) + "=" + a["state"].(string) + " "
	}
	return s
}

func TestMacsTakeOrdersThroughMDM(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newRig(t, Options{})
		mdms := want[[]object](g, 200, "GET", "/api/v2/applemdms", nil)
		base := "/api/v2/applemdms/" + mdms[0]["id"].(string) + "/devices"
		macs := map[any]bool{}
		for _, d := range g.org.Rows("devices") {
			if d["osFamily"] == "darwin" {
				macs[d["serialNumber"]] = true
			}
		}
		enrolled := g.pages(base)
		for _, m := range enrolled {
			delete(macs, m["serialNumber"])
		}
		if len(macs) != 0 || len(enrolled) < 20 {
			t.Errorf("%d enrolled, %d missing", len(enrolled), len(macs))
		}
		one := want[[]object](g, 200, "GET", base+"?filter=serialNumber:eq:FVFH031LQ05D", nil)
		path := base + "/" + one[0]["id"].(string)
		want[object](g, 400, "POST", path+"/lock", nil)
		want[object](g, 400, "POST", path+"/erase", object{"pin": "12345"})
		want[any](g, 204, "POST", path+"/lock", object{"pin": "123456"})
		want[any](g, 204, "POST", path+"/erase", object{"pin": "123456"})
		if s := g.actions(); s != "lock=queued erase=queued " {
			t.Error(s)
		}
		time.Sleep(time.Second)
		if d := g.got("/api/systems/" + g.device("MBP-031")); d["active"] != false {
			t.Error("the erased Mac is online")
		}
		if s := g.actions(); s != "lock=done erase=done " {
			t.Error(s)
		}
		want[object](g, 200, "DELETE", path, nil)
		want[object](g, 404, "POST", path+"/restart", nil)
		if d := g.got("/api/systems/" + g.device("MBP-031")); d["mdm"].(object)["vendor"] != "none" {
			t.Errorf("%v", d["mdm"])
		}
		want[object](g, 404, "GET", "/api/v2/applemdms/"+nobody+"/devices", nil)
		want[object](g, 404, "GET", base+"/"+nobody, nil)
	})
}

func TestAndroidDevicesTakeOrdersThroughGoogle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newRig(t, Options{})
		id := g.got("/api/v2/google-emm/enterprises")["enterprises"].([]any)[0].(object)["objectId"].(string)
		list := g.got("/api/v2/google-emm/enterprises/" + id + "/devices?limit=2")
		if list["count"] != 5.0 || len(list["devices"].([]any)) != 2 || list["devices"].([]any)[0].(object)["deviceInformation"] != nil {
			t.Errorf("%v", list)
		}
		device := func(host string) string {
			d := g.got("/api/systems/" + g.device(host))
			return "/api/v2/google-emm/devices/" + d["mdm"].(object)["internal"].(object)["deviceId"].(string)
		}
		managed, private, offline := device("PX-001"), device("PX-002"), device("SM-004")
		want[object](g, 400, "POST", "/api/systems/"+g.device("PX-001")+"/command/builtin/lock", nil)
		want[object](g, 200, "POST", managed+"/reboot", object{})
		want[object](g, 400, "POST", private+"/reboot", object{})
		want[object](g, 400, "POST", managed+"/lock", nil)
		want[object](g, 400, "POST", managed+"/resetpassword", object{})
		want[object](g, 200, "POST", managed+"/erase-device", object{})
		want[object](g, 200, "POST", offline+"/lock", object{})
		time.Sleep(time.Second)
		if s := g.actions(); s != "restart=done erase=done lock=queued " {
			t.Error(s)
		}
		if d := g.got("/api/systems/" + g.device("PX-001")); d["active"] != false {
			t.Error("the erased phone is online")
		}
		want[object](g, 404, "GET", "/api/v2/google-emm/devices/"+nobody, nil)
		want[object](g, 404, "POST", "/api/v2/google-emm/devices/"+nobody+"/lock", object{})
		want[object](g, 404, "GET", "/api/v2/google-emm/enterprises/"+nobody+"/devices", nil)
		if rows := want[[]object](g, 200, "GET", "/api/v2/users/"+g.user("maria.silva")+"/systems?limit=100", nil); len(rows) != 2 {
			t.Errorf("maria.silva has %d devices, want the Mac and the phone", len(rows))
		}
	})
}

func TestDiskKeysLeaveAnEvent(t *testing.T) {
	g := newRig(t, Options{})
	id := g.device("LT-042")
	first, again := g.got("/api/v2/systems/"+id+"/fdekey"), g.got("/api/v2/systems/"+id+"/fdekey")
	if first["key"] == "" || first["key"] != again["key"] {
		t.Errorf("%v %v", first, again)
	}
	found := want[[]object](g, 200, "POST", eventsPath, ask(object{"sort": "DESC", "limit": 1}))
	if found[0]["event_type"] != "system_fde_key_decrypt" || found[0]["resource"].(object)["id"] != id {
		t.Errorf("%v", found[0])
	}
	want[object](g, 404, "GET", "/api/v2/systems/"+g.device("web-01")+"/fdekey", nil) // not encrypted
	want[object](g, 404, "GET", "/api/v2/systems/"+nobody+"/fdekey", nil)
}

func TestAlerts(t *testing.T) {
	g := newRig(t, Options{})
	truth := map[string]float64{}
	for _, a := range g.org.Rows("alerts") {
		truth[a["status"].(string)]++
	}
	stats := g.got("/api/v2/alerts-stats")
	byStatus := stats["status"].(object)
	if byStatus["open"] != truth["OPEN"] || byStatus["resolved"] != truth["RESOLVED"] || truth["OPEN"] == 0 || truth["RESOLVED"] == 0 {
		t.Errorf("%v, want %v", stats, truth)
	}
	open := want[v1list](g, 200, "GET", "/api/v2/alerts?filter=status:eq:OPEN&limit=1&sort=-createdAt", nil)
	if float64(open.TotalCount) != truth["OPEN"] || len(open.Results) != 1 {
		t.Errorf("%d", open.TotalCount)
	}
	path := "/api/v2/alerts/" + open.Results[0]["id"].(string)
	want[object](g, 200, "POST", path+"/status", object{"status": "RESOLVED", "remark": "fixed"})
	if a := g.got(path); a["status"] != "RESOLVED" || g.got("/api/v2/alerts-stats")["status"].(object)["open"] != truth["OPEN"]-1 {
		t.Errorf("%v", a)
	}
	want[object](g, 400, "POST", path+"/status", object{"status": "GONE"})
	want[object](g, 404, "GET", "/api/v2/alerts/"+nobody, nil)
}

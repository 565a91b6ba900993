from tests.dashboards.test_alerting import *
import time
def test_dbg(watched, heard):
    idea(watched.route, "LATE", 31)
    heard.until("TtvDecisionOverdue")
    print(watched.route.take("api", [event("LATE", "decision", 0)]))
    for i in range(8):
        time.sleep(2)
        print([l for l in requests.get(watched.url+"/metrics").text.splitlines() if "LATE" in l])
        print([(a["labels"]["alertname"],a["status"],a["startsAt"],a["endsAt"]) for a in told(watched.alertmanager)])
        print([(a["labels"]["alertname"],a["status"]) for _,a in heard.alerts])

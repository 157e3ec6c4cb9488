"""What the demo sets its handsets to, and whether a handset holds just that."""

import msgspec

from tps.sim.handset import Handset
from tps.sim.subscribers import Subscriber

APN, MMS_APN = "internet.demo.example", "mms.demo.example"
HOME_PAGE, MMSC = "http://start.demo.example/", "http://mmsc.demo.example/"
PROXY, PROXY_PORT = "192.0.2.10", 8080

_PUBLICATION = {
    "settings": {
        "name": "Internet and MMS",
        "access_points": [
            {
                "id": "internet",
                "name": "Demo Internet",
                "address": APN,
                "internet": True,
                "authentications": [{"method": "PAP", "user": "{msisdn}", "password": "{ppp_password}"}],
            },
            {"id": "mms", "name": "Demo MMS", "address": MMS_APN},
        ],
        "proxies": [
            {
                "id": "mms-proxy",
                "name": "Demo MMS proxy",
                "addresses": [
                    {"id": "one", "address": PROXY, "access_points": ["mms"], "ports": [{"number": PROXY_PORT}]}
                ],
            }
        ],
        "applications": [
            {"kind": "browser", "name": "Demo", "home_page": {"url": HOME_PAGE}, "access_points": ["internet"]},
            {"kind": "mms", "name": "Demo MMS", "mmsc": MMSC, "proxies": ["mms-proxy"]},
        ],
    },
    "note": "the demo's own",
}
SETTINGS = msgspec.json.encode(_PUBLICATION)
PIN_SETTINGS = msgspec.json.encode(_PUBLICATION | {"policy": {"security": "userpin"}})


def is_right(subscriber: Subscriber, handset: Handset | None) -> bool:
    """True when the handset, by its own reading, holds what was meant for this subscriber, and all of it."""
    if handset is None:
        return False
    settings = handset.settings
    points, applications = settings.access_points, {each.appid: each for each in settings.applications}
    return (
        handset.installed == 1
        and not handset.rejections
        and set(points) == {"internet", "mms"}
        and set(applications) == {"w2", "w4"}
        and points["internet"].address == APN
        and points["internet"].is_internet
        and [credential.user for credential in points["internet"].credentials] == [subscriber.msisdn]
        and f"secret-of-{subscriber.msisdn}" in str(handset.holds())
        and points["mms"].address == MMS_APN
        and [str(address) for address in settings.proxies["mms-proxy"].addresses] == [f"{PROXY}:{PROXY_PORT}"]
        and HOME_PAGE in [page.uri for page in applications["w2"].resources]
        and [str(address) for address in applications["w4"].addresses] == [MMSC]
    )

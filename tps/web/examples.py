"""Bodies to try: they stand in the OpenAPI document, and belong together."""

from typing import Any

SUBSCRIBER = {
    "imsi": "001010123456789",
    "msisdn": "+4917012345",
    "values": {"ppp_user": "web", "ppp_password": "geheim"},
}
SUBSCRIBERS = [SUBSCRIBER, {"imsi": "001010123456780", "msisdn": "+4917012346"}]
DETECTION = {"imsi": "001010123456789", "imei": "3569090100000102"}
DETECTIONS = [DETECTION, {"msisdn": "+4917012346", "imei": "356909010000028", "seen_at": "2026-03-01T12:00:00Z"}]
PUSH = {"imsi": "001010123456789"}
PUSHES = [PUSH, {"msisdn": "+4917012346", "settings": "internet"}]
FORCED_PUSH = {"msisdn": "+4917012345", "imei": "356909010000010", "settings": "internet", "force": True}
INTERNET: dict[str, Any] = {
    "settings": {
        "name": "Internet",
        "access_points": [
            {
                "id": "internet",
                "name": "Example Internet",
                "address": "internet.example",
                "internet": True,
                "authentications": [{"method": "PAP", "user": "{ppp_user}", "password": "{ppp_password}"}],
            }
        ],
    },
    "policy": {"security": "netwpin", "validity_s": 259200},
    "note": "First version",
}
INTERNET_XML = """<?xml version="1.0"?>
<wap-provisioningdoc version="1.0">
  <characteristic type="NAPDEF">
    <parm name="NAPID" value="internet"/>
    <parm name="NAME" value="Example Internet"/>
    <parm name="BEARER" value="GSM-GPRS"/>
    <parm name="NAP-ADDRESS" value="internet.example"/>
    <parm name="NAP-ADDRTYPE" value="APN"/>
  </characteristic>
</wap-provisioningdoc>
"""

"""Every operation of the API: the table from which the router and the OpenAPI document are made."""

from encoders.client_provisioning import MEDIA_TYPE_XML
from tps.web import (
    dead_letters,
    detections,
    devices,
    dry_run,
    examples,
    keys,
    pairs,
    pushes,
    resending,
    settings,
    state,
    subscribers,
)
from tps.web.ndjson import LineAnswer
from tps.web.operations import Operation
from tps.web.triggers import TriggerAnswer

_SAFE_TO_REPEAT = (
    "One line in, one answer line out, in order, as the lines become durable; a bad line gets its own answer and stops "
    "nothing. Read the answers while you send. Idempotency-Key is not looked at here: a stream that broke off is sent "
    "again from the first line without an answer, or from the start, and nothing happens twice."
)
_POLICY = (
    "Settings in the neutral model, with the delivery policy and a note beside them; or a provisioning document in "
    "XML, with the policy in the query. What a handset could not take is refused, its place named; what is odd comes "
    "back as a warning."
)

# fmt: off
OPERATIONS = (
    Operation(
        "GET", "/v1/subscribers", subscribers.list_page, query=subscribers.SubscriberQuery,
        summary="List subscribers", answers={200: subscribers.SubscriberPage},
    ),
    Operation(
        "POST", "/v1/subscribers", subscribers.create, body=subscribers.NewSubscriber,
        summary="Create a subscriber", answers={201: subscribers.SubscriberView},
        examples={"with PPP values": examples.SUBSCRIBER},
    ),
    Operation(
        "POST", "/v1/subscribers/bulk", lines_handler=subscribers.take_lines, body=subscribers.NewSubscriber,
        summary="Create or replace many subscribers", description=_SAFE_TO_REPEAT, answers={200: LineAnswer},
        examples={"two lines": examples.SUBSCRIBERS},
    ),
    Operation(
        "GET", "/v1/subscribers/{imsi}", subscribers.show,
        summary="Show a subscriber", answers={200: subscribers.SubscriberView},
    ),
    Operation(
        "PUT", "/v1/subscribers/{imsi}", subscribers.replace, body=subscribers.SubscriberContent,
        summary="Create or replace a subscriber",
        answers={200: subscribers.SubscriberView, 201: subscribers.SubscriberView},
        examples={"without values": {"msisdn": "+4917012345"}},
    ),
    Operation(
        "PATCH", "/v1/subscribers/{imsi}", subscribers.change, body=subscribers.SubscriberChanges,
        summary="Change a subscriber", answers={200: subscribers.SubscriberView},
        description="A JSON merge patch (RFC 7396): what is left out stays, null removes.",
        examples={"new number, one value less": {"msisdn": "+4917012399", "values": {"ppp_password": None}}},
    ),
    Operation(
        "DELETE", "/v1/subscribers/{imsi}", subscribers.remove,
        summary="De-provision a subscriber", answers={200: subscribers.RemovalView},
        description="The account goes, with its devices; its open pushes are cancelled where they have not left yet.",
    ),
    Operation(
        "POST", "/v1/subscribers/{imsi}/sim", subscribers.change_sim, body=subscribers.NewSim,
        summary="Give a subscriber another SIM", answers={200: subscribers.SubscriberView},
        description="The account goes over to the new IMSI; what is open for the old one is cancelled where it has not "
        "left yet. The device is taken to be the same, until the network tells of another, and is set up again.",
        examples={"a new SIM": {"imsi": "001010123456790"}},
    ),
    Operation(
        "GET", "/v1/subscribers/{imsi}/pairs", pairs.list_all,
        summary="List the devices of a SIM", answers={200: pairs.PairList},
    ),
    Operation(
        "POST", "/v1/subscribers/{imsi}/pairs", pairs.declare, body=pairs.Declaration,
        summary="Declare a device SET", answers={200: pairs.DeclarationView},
        description="The back office knows that the device holds the active version: nothing will be sent to it.",
        examples={"a device": {"imei": "356909010000010", "settings": "internet"}},
    ),
    Operation(
        "DELETE", "/v1/subscribers/{imsi}/pairs/{imei}", pairs.forget,
        summary="Forget a device", answers={200: pairs.ForgottenView},
        description="The device, and what it was set to, is forgotten; seen again it is set up again.",
    ),
    Operation(
        "GET", "/v1/settings", settings.list_all,
        summary="List settings", answers={200: settings.VersionList},
    ),
    Operation(
        "GET", "/v1/settings/{name}", settings.show,
        summary="Show the active version", answers={200: settings.ContentView},
    ),
    *(
        Operation(
            method, "/v1/settings/{name}", settings.publish, body=settings.Publication,
            query=settings.PolicyQuery, other_media_type=MEDIA_TYPE_XML,
            summary="Publish a version", description=_POLICY, answers={201: settings.PublishedView},
            examples={"Internet": examples.INTERNET, "Internet as XML": examples.INTERNET_XML},
        )
        for method in ("PUT", "POST")
    ),
    Operation(
        "GET", "/v1/settings/{name}/versions", settings.list_versions,
        summary="List versions", answers={200: settings.VersionList},
    ),
    Operation(
        "GET", "/v1/settings/{name}/versions/{version}", settings.show_version,
        summary="Show a version", answers={200: settings.ContentView},
    ),
    Operation(
        "POST", "/v1/settings/{name}/resend", resending.resend, body=resending.ResendRequest,
        summary="Send the newest version to devices that hold an older one", answers={200: resending.ResentView},
        description="Up to 500 at a time; `next` leads to the next batch, and how often you ask is the pace. Safe to "
        "repeat: who has the version, or is about to get it, gets it no second time.",
        examples={"a batch": {"limit": 500}},
    ),
    Operation(
        "POST", "/v1/settings/{name}/preview", settings.preview, body=settings.PreviewRequest,
        summary="Try settings on a subscriber", answers={200: settings.PreviewView},
        description="Every stage of a push, down to the octets of each SMS; nothing is sent.",
        examples={"secrets masked": examples.PUSH},
    ),
    Operation(
        "GET", "/v1/devices", devices.list_page, query=devices.DeviceQuery,
        summary="List what is known of device models", answers={200: devices.DevicePage},
    ),
    Operation(
        "PUT", "/v1/devices", devices.put, body=devices.DeviceRow,
        summary="Say what is known of a TAC, a model or a brand", answers={204: None},
        description="Replaces what the same source said of the same. What is left out is inherited: a TAC from its "
        "model, a model from its brand, a brand from the configuration.",
        examples={"a brand": {"brand": "Nokia", "browser_settings": True, "quirks": "provurl_once"}},
    ),
    Operation(
        "DELETE", "/v1/devices", devices.remove, query=devices.DeviceAbout,
        summary="Forget what a source says", answers={204: None},
    ),
    Operation(
        "GET", "/v1/devices/{tac}", devices.show,
        summary="What is known of a TAC, and where it comes from", answers={200: devices.DeviceView},
    ),
    Operation(
        "POST", "/v1/detections", detections.detect, body=detections.Detection,
        summary="Report a SIM seen in a device", answers={200: TriggerAnswer, 202: TriggerAnswer},
        examples={"seen now": examples.DETECTION},
    ),
    Operation(
        "POST", "/v1/detections/bulk", lines_handler=detections.detect_lines, batches_at_once=16,
        body=detections.Detection, summary="Report many SIMs seen in devices", description=_SAFE_TO_REPEAT,
        answers={200: LineAnswer}, examples={"two lines": examples.DETECTIONS},
    ),
    Operation(
        "POST", "/v1/detections/dry-run", lines_handler=dry_run.dry_run_lines, body=detections.Detection,
        summary="Tell what many detections would lead to", answers={200: dry_run.DryRunLine},
        description="Lines as for `/v1/detections/bulk`. Nothing is stored and nothing sent: each answer tells what "
        "would be sent to whom, or why nothing would; the last one, of outcome `totals`, holds the numbers.",
        examples={"two lines": examples.DETECTIONS},
    ),
    Operation(
        "GET", "/v1/pushes", pushes.list_page, query=pushes.PushQuery,
        summary="List pushes, the newest first", answers={200: pushes.PushPage},
    ),
    Operation(
        "POST", "/v1/pushes", pushes.push, body=pushes.PushRequest,
        summary="Set up a device", answers={200: TriggerAnswer, 202: TriggerAnswer},
        description="202: a push is stored and will be sent. 200: the device is set already, or a push is on its way.",
        examples={"the newest device": examples.PUSH, "this device, again": examples.FORCED_PUSH},
    ),
    Operation(
        "POST", "/v1/pushes/bulk", lines_handler=pushes.push_lines, batches_at_once=2, body=pushes.PushRequest,
        summary="Set up many devices", description=_SAFE_TO_REPEAT, answers={200: LineAnswer},
        examples={"two lines": examples.PUSHES},
    ),
    Operation(
        "GET", "/v1/pushes/{id}", pushes.show,
        summary="Show a push with its history", answers={200: pushes.PushWithHistory},
    ),
    Operation(
        "POST", "/v1/pushes/{id}/cancel", pushes.cancel,
        summary="Take a push back", answers={200: pushes.PushState},
        description="Possible until it is sent, and while nobody knows whether it was (QUEUED, UNCERTAIN, HELD).",
    ),
    Operation(
        "POST", "/v1/pushes/{id}/resend", pushes.resend,
        summary="Send a push again", answers={200: pushes.PushState},
        description="For a push of which nobody knows whether it was sent (UNCERTAIN, HELD): it may arrive twice.",
    ),
    Operation(
        "POST", "/v1/pushes/{id}/release", pushes.release,
        summary="Let a held push go", answers={200: pushes.PushState},
    ),
    Operation(
        "POST", "/v1/pushes/{id}/requeue", pushes.requeue,
        summary="Let a dead letter begin again", answers={200: pushes.PushState},
        description="For a push that is FAILED, EXPIRED or HELD: with all its attempts, a new validity and the version "
        "of the settings that it had (for the newest one ask for a new push). It may arrive twice where nobody knows "
        "whether it was sent. 409 names the push that holds the key of its pair meanwhile.",
    ),
    Operation(
        "GET", "/v1/dead-letters", dead_letters.list_reasons, query=dead_letters.DeadLetterQuery,
        summary="Count dead letters by reason", answers={200: dead_letters.ReasonList},
        description="What is FAILED, EXPIRED or HELD, the most frequent reasons first, at most 200. `GET /v1/pushes` "
        "lists the pushes themselves, with the same filters.",
    ),
    Operation(
        "POST", "/v1/dead-letters/requeue", dead_letters.requeue, body=dead_letters.RequeueRequest,
        summary="Let many dead letters begin again", answers={200: dead_letters.RequeuedView},
        description="Up to 500 at a time, the oldest first; `next` leads to the next batch.",
        examples={"of one reason": {"state": "EXPIRED", "reason": "no route took it in time", "limit": 500}},
    ),
    Operation(
        "GET", "/v1/keys", keys.list_all, summary="List keys", answers={200: keys.KeyList},
    ),
    Operation(
        "POST", "/v1/keys", keys.create, body=keys.NewKey,
        summary="Make a key", answers={201: keys.KeyWithSecret}, takes_set_up_token=True,
        description="The first one is made with the set-up token that the server printed at its start.",
        examples={"a key": {"name": "crm"}},
    ),
    Operation(
        "DELETE", "/v1/keys/{id}", keys.revoke, summary="Revoke a key", answers={204: None},
        description="It stops to work at this server at once, at others within seconds. The last key stays.",
    ),
    Operation(
        "GET", "/v1/status", state.status, summary="The server at a glance", answers={200: state.Status},
    ),
    Operation(
        "GET", "/v1/config", state.running_config,
        summary="The running configuration, secrets masked", answers={200: state.Running},
    ),
    Operation(
        "GET", "/metrics", state.metrics, summary="Metrics for Prometheus", answers={200: bytes},
    ),
    Operation(
        "GET", "/health/live", state.live, summary="Is the process alive",
        answers={200: state.Health}, needs_key=False,
    ),
    Operation(
        "GET", "/health/ready", state.ready, summary="Can pushes be stored and sent",
        answers={200: state.Health, 503: state.Health}, needs_key=False,
    ),
)
# fmt: on

"""The way of a push, in reading order.

    intake    validate, resolve subscriber and device, decide, store         one commit per batch
    compose   settings x subscriber -> document -> WBXML -> MAC -> segments  pure
    dispatch  claim due pushes, hand their segments to the routes            one commit per batch
    settle    answers and receipts -> states -> the pair is SET              one commit per batch

Before it, where detections arrive: `device_identities` (what is doubtful about a device), `set_filter` (what changes
nothing, by memory) and `foresight` (the same, by reading).

Beside the way: `intake_transaction` (what intake does in one commit), `catalogue` (the settings as the way uses them),
`handover` (the short cut from intake to dispatch), `flights` (pushes on the wire), `landing` (what becomes of them, as
values for the disk), `push_secrets`, `attend` (what time does to a push), `unsent` (why a push was never sent), and
`backlog` (how many may wait).

The unit of flow is a batch: a function of the way takes and returns a list, and one push is a batch of one.
"""

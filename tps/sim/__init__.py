"""A simulated SMSC and simulated handsets, for the demo, the tests and the load tests.

The server imports nothing from here, and nothing here imports the server, its encoders or its bootstrap: octets are
read by code of its own, written from the standards, so that a fault on one side cannot cancel itself out on the
other.

The SMSC, in reading order: `smsc_behaviour` (what it shall do), `smsc_pdus` (SMPP 3.4 octets), `smsc_fates` (what
befalls each message), `timer_wheel`, `smsc_receipts` (what goes out), `smsc_record` (what was accepted, as a file),
`smsc_centre` (the rules), `smsc_session` (one link), `smsc` (the listener).

The handsets: `handset_octets`, `handset_tokens`, `handset_wbxml`, `handset_decoder`, `handset_trust`, `handset_text`,
`handset_behaviour`, `handset_rejections`, `handset_rules`, `handset_settings`, `handset_description`, `handset`; then
`subscribers` and `population`. Between the two halves lies `air_interface`; `simulation` runs them as a process.
"""

"""The SMPP 3.4 client (ESME): submits the parts of a push and brings back responses, receipts and inbound messages.

Read `session` first (its Theory of operation), then `link` (the socket around it) and `routes` (which link a push
takes). `pdus` and `submit_sm` are the octets, `command_status` what an SMSC's refusal means.
"""

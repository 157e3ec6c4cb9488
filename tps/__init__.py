"""Floor 2, the server: everything that touches a clock, a socket or a disk.

Read `tps.delivery` first (the way of a push: intake -> compose -> dispatch -> settle); `tps.app` puts the parts
together.
"""

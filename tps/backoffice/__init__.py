"""What the back office does, whichever door it comes through: the HTTP API and the command line share these rooms.

`subscribers`, `settings`, `pushes`, `dead_letters`, `pairs` and `keys`: one noun each; `restored` is a store put back
from a backup. Functions take what they work on as arguments and raise `RejectedError` for a wish that cannot be
granted; what touches several aggregates is one transaction.
"""

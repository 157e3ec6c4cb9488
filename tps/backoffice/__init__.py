"""What the back office does, whichever door it comes through: the HTTP API and the command line share these rooms.

`subscribers`, `settings`, `pushes`, `dead_letters`, `pairs` and `keys`: one noun each; `restored` is a store put back
from a backup. Functions take what they work on as arguments and raise `RejectedError` for a wish that cannot be
granted; what touches several aggregates is one transaction.

`way` is the way of a push, `filtered_way` the same behind what answers detections that change nothing, and `detections`
the door to it for whatever tells of devices.
"""

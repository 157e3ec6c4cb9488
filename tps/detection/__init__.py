"""Detection by the network itself: the feeds of `tps.feeds` on their way into the intake of pushes.

feeds    RADIUS and Diameter, started and stopped in order, each with its switch
taking   what they detect becomes triggers, batch by batch
"""

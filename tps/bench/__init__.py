"""Load tests of the server: what it carries, where the time goes, and how that compares.

    processes     the processes: a server, a simulated SMSC, this client
    workload      who is provisioned with what
    api           the client for streams; `lone_requests` the lean one
    network       detections by RADIUS and Diameter: accounting   the gateway    checks   the MME
    scenarios     bulk, single, detect, campaign, over the whole server
    pressure      more than a slow route takes          evenness  a route's seconds against its limit
    fill          a store with a past
    encoding      settings -> segments, no I/O          session   SMPP alone
    resources     CPU and memory of a process           latency   distributions
    results       what was measured, as JSON            kannel    the same job done by Kannel
    plot          results as SVG

It plays the client of the server, from outside: it measures what an operator would, and looks into no process but with
the eyes of the operating system.
"""

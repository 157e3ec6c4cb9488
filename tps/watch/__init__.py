"""What is to be seen of a running server from outside.

`metrics` for Prometheus, those of the `feeds` beside them; `logs`, a line of JSON each.
"""

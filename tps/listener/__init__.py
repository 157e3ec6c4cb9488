"""The listener in a process of its own: HTTP there, the way of a push here, so that each has an interpreter and a core.

    tps serve -+- the way of a push: intake, dispatch, settle, links, the store's writer
               +- the listener: HTTP, connections to the store for the back office, a channel to the way

process     the listener as the process that owns the way starts it, watches it and ends it
main        what runs in it

It lives exactly as long as the process that started it: it ends when it is told to, and at once when the channel
breaks. If it ends by itself, the server ends: loudly, not half alive.
"""

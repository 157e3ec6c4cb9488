"""Between the two processes of a server: the listener, which speaks HTTP, and the one that owns the way of a push.

messages    what they say to each other
connection  how: frames on a socket that only the two of them have
way_there   the way of a push as the listener sees it
answering   the other end: the way does what the listener asks
"""

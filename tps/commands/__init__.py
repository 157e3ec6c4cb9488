"""The command line, one noun per module; `tps.__main__` puts the commands together.

`document` (encode, decode), `compose`, `explain` and its `explanation_page`, `subscribers` (import, export) with
`subscriber_csv`, `store` (migrate), `configuration` (config), `simulation` (simulate), `server` (serve), `demo`.

Beside them: `terminal` (what is read and written, and how errors end a command), `push_options` (what a push is made
of, as options), `event_loop`.
"""

"""The command line, one noun per module; `command_line` puts the commands together.

`document` (encode, decode), `compose`, `explain` with `stored_push` and `explanation_page`, `dead_letters`,
`subscribers` (import, export) with `subscriber_csv`, `detect` with `detection_stream`, `devices`, `store` (migrate),
`backup` (backup, restore), `configuration` (config), `simulation` (simulate), `server` (serve) and `listener` (its
second process), `bench` with `bench_options`, `bench_files` and `bench_page`, `version`, `demo` with `demo_settings`
and `demo_page`.

Beside them: `terminal` (what is read and written), `push_options` (what a push is made of, as options), `csv_options`,
`running_server` (where a server is, and what it refuses), `channel_page` (what each channel carries), `event_loop`.
"""

"""A push in plain words: every octet that leaves the server with its meaning. Pure; `tps.commands.explain` shows it.

`note` is one run of octets with its meaning, `provisioning_notes`, `wsp_notes`, `user_data_notes` and
`submit_sm_notes` read one layer each, `secret_parms` tells what nobody should see, `push` puts the layers together.
"""

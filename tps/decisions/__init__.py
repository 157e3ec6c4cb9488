"""The server's decisions, pure: life of a push, identities, triggers, device models, channels, retry, receipts."""

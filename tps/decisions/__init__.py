"""The server's decisions, pure: life cycle of a push, identities, triggers, retry, receipts."""

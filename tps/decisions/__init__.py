"""The server's decisions, pure: life cycle of a push, identities, dedupe, retry, receipts. No clock, no socket, no store."""

"""Floor 1: how trust and a document reach a handset (security methods, push, links). Pure, built on `encoders`."""

"""Floor 1: how trust and a document reach a (U)SIM. Pure, built on `encoders`; never meets `bootstrap`."""

"""Floor 0: octets <-> values, one module per format. Pure: no I/O, no clock, no chance."""

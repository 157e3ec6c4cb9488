"""What is to be seen of a running server from outside. `metrics` for Prometheus."""

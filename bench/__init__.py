"""Benchmarks that print tables. Nothing here is asserted on in tests."""

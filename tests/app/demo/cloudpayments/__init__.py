"""Tests of the CloudPayments stand-in, driven over HTTP with a tiny shop that receives its notifications."""

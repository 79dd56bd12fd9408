"""Providers of models: one module each, the same requests and parts for all."""

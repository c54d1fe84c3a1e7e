"""Helpers that the integration tests share: TAP, child processes, HTTP, FastCGI, web servers."""

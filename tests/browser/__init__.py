"""The pages in a real browser, served by the running product."""

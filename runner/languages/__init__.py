"""What a language needs to be run, tested and listed; one file a language in `known`.

The runner and the apps both read it: it imports nothing but the standard library and,
like `runner.protocol`, nothing else of the runner. See docs/languages.md.
"""

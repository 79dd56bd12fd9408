"""What goes to the model, and what went.

A conversation is sent in epochs. Within one, what was sent is only added to, so that
the provider's cache of the prefix holds; `epochs` decides, `store` keeps and rebuilds.
"""

"""What `bench.relay` compares: an upstream, relays beside ours, and who asks them."""

"""The private servers and the cluster made of them."""

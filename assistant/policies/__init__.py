"""What the assistant may do in an interview: the rules of a policy, and their check."""

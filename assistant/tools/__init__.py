"""What the model may do besides writing: tools, their schemas, their results."""

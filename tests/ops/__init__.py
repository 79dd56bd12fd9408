"""Set-up, the demo, the web entry point, the cluster."""

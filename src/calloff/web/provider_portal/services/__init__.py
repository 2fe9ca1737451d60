"""What the portal reads for a provider, each query from its own branches."""

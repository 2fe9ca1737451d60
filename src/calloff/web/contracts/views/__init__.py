"""Pages of purchasing models, providers and drafts."""

"""The pages of the portal: request in, one service call out."""

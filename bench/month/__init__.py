"""Four made-up weeks of planned and delivered visits, and the engines that settle them side by side."""

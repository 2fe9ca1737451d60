"""What is done with planned and delivered visits; no rule of the trade is kept here."""

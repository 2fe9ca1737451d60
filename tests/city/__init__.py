"""A made-up city of which every visit's outcome and pence are known, since it was made with them."""

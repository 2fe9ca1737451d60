"""A made-up city's ten years, as rows: what the benchmark of the website is measured on."""

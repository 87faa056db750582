"""What is asked: networks, cases (the language), distributions of data, and strategies that draw them."""

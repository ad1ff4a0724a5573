"""A sample document to sign, and the program that draws it."""

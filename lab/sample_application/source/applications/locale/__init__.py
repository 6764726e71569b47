"""The words of this site in other languages, by Django's conventions. Python's own module `locale` is another."""

"""Message catalogue (English, Spanish) and Jinja templates of every page and report."""

"""Review of a bundle in use: what people's decisions on record say of it, and whether to commission it anew."""

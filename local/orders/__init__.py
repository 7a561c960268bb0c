"""Real orders: the invoices of the UCI Online Retail set, read from the whole file or from the facts that ship."""

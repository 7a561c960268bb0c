"""The window of WhatsApp: a text that is no approved template leaves within 24 h of what the person wrote last."""

REPLIED = "customer.whatsapp_replied_at"
"""The attribute that holds when the person last wrote there (ms); engine/facts.py writes it."""
WINDOW_MS = 24 * 3600 * 1000

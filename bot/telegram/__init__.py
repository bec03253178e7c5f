"""The Telegram channel: updates in, messages out. `channel.py` ties the parts together."""

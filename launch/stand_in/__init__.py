"""A stand-in for Telegram's Bot API: it answers over HTTP as the real one does. For `make demo`, and for tests."""

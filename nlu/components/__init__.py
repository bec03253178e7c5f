"""The understanding of a message: what stands between the words a person types and an intent."""

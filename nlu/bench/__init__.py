"""What `make bench` asks of Rasa's environments: the labelled messages, and what a model makes of them."""

"""`make check-language`: what is wrong with the examples, the rules and the answers, told to whoever writes them."""

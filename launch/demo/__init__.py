"""`make demo`: the whole assistant on sample data, on a stage where time can be moved on and parts can be broken.

run.py starts `launch run` and the stage; stage.py serves the page (page/) and is Telegram for the assistant; door.py is
what the real app serves for the stage; jump.py moves the time, story.py tells what happened, trouble.py breaks things.
"""

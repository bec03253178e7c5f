"""The staff's door: pages under /console, rendered on the server. Begin with console/page.py."""

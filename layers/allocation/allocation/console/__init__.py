"""The console: what a shipping manager sees and does in a browser. Where it is off, nothing imports it."""

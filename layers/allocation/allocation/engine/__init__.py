"""The allocation engine: who can deliver, who meets the rules, who is cheapest, and why. No AWS, HTTP or clocks."""

"""What is counted of histories and fuzz inputs, and the page that says so."""

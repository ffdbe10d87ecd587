"""What the tests are made with; nothing of it is installed."""

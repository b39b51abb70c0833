"""Look at rendered mail in a browser before it is sent."""

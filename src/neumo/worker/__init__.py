"""The isolated reader: a `Reader` in a child process with limits of time and memory, and pools of them."""

"""The staff console: a page of its own with its own login; nothing of it runs without one."""

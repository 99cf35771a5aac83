"""Knowledge to passages, passages to an index, a query to ranked passages.

Knows text and vectors; knows nothing of chats, models or databases.
"""

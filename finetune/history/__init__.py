"""Readers that turn historical logs, of whatever format, into dialogues."""

"""Personal values in the texts of a conversation become placeholders such as ``[EMAIL_1]``.

Begin at ``bot.redaction.redactor``. Knows text only: no storage, no models, no settings file.
"""
